import { describe } from 'vitest'
import { field, textFile } from '../support/cuadra'
import type { Client } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'

const once = { 'idempotency-key': 'once' }
const small = [textFile('hello'), field('resource_type', 'chat'), field('resource_id', 'x')]
const nothing = async () => null
const id = (body: { id: string }) => body.id
const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

add({
  name: 'a form',
  triesAll: true,
  prepare: nothing,
  act: ({ cuadra }) => cuadra.upload(small, once),
  answers: [201],
  made: id,
  files: 1,
})
add({
  name: 'a form of known bytes',
  prepare: ({ cuadra }) => cuadra.stored('hello'),
  act: ({ cuadra }) => cuadra.upload(small, once),
  answers: [201],
  made: id,
  files: 2,
})
add({
  name: 'a form without a key',
  prepare: nothing,
  act: ({ cuadra }) => cuadra.upload(small),
  answers: [201],
  files: 1,
  isKeyless: true,
})
add({
  name: 'a deletion',
  prepare: ({ cuadra }) => cuadra.stored('hello', field('resource_type', 'chat'), field('resource_id', 'x')),
  act: ({ cuadra }, file) => cuadra.delete(file),
  answers: [204, 404],
  files: 0,
  isUnrepeatable: true,
})
add({
  name: 'an association',
  isStoreless: true,
  prepare: ({ cuadra }) => cuadra.stored('hello'),
  act: ({ cuadra }, file) => cuadra.associate(file, 'dataset', 'y'),
  answers: [200, 201],
  files: 1,
  isUnrepeatable: true,
})
add({
  name: 'an association under a key',
  isStoreless: true,
  prepare: ({ cuadra }) => cuadra.stored('hello'),
  act: ({ cuadra }, file) => cuadra.associate(file, 'dataset', 'y', once),
  answers: [201],
  made: ({ resourceId, createdAt }: { resourceId: string; createdAt: string }) => [resourceId, createdAt],
  files: 1,
  isUnrepeatable: true,
})
add({
  name: 'a link under a key',
  isStoreless: true,
  prepare: ({ cuadra }) => cuadra.stored('hello'),
  act: ({ cuadra }, file) => cuadra.link(file, { expiresIn: 60 }, once),
  answers: [201],
  files: 1,
})
add({
  name: 'an association that is removed',
  isStoreless: true,
  prepare: async ({ cuadra }: Client) => {
    const file = await cuadra.stored('hello')
    await cuadra.associate(file, 'dataset', 'y')
    return file
  },
  act: ({ cuadra }, file) => cuadra.dissociate(file, 'dataset', 'y'),
  answers: [204],
  files: 1,
  isUnrepeatable: true,
})

describe('Cuadra: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
