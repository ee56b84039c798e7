import { describe } from 'vitest'
import { sha256Of } from '../../src/core/ids'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { bodyOf } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const nothing = async () => null
const id = (body: { id: string }) => body.id
const single = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
const inParts = { ...single, size: 6 * 1024 ** 3 }
const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

const create = (client: Client, json: unknown, headers = {}) =>
  client.call('POST', '/v1/uploads', { json, headers })
const created = async (client: Client, json: unknown) => id(await bodyOf(await create(client, json)))
/** An upload whose bytes have come. */
const arrived = async (client: Client) => {
  const { id, url, headers } = await bodyOf(await create(client, single))
  await put(url, headers, 'hello')
  return id as string
}
const withHash = async () => ({
  ...single,
  sha256: await sha256Of(new TextEncoder().encode('hello')),
})
const abort = (client: Client, id: string) => client.call('DELETE', `/v1/uploads/${id}`)
const status = (client: Client, id: string) => client.call('GET', `/v1/uploads/${id}`)

add({
  name: 'an upload that is made',
  isStoreless: true,
  prepare: nothing,
  act: (client) => create(client, single, once),
  answers: [201],
  made: id,
  files: 1,
})
add({
  name: 'an upload in parts that is made',
  prepare: nothing,
  act: (client) => create(client, inParts, once),
  answers: [201],
  made: id,
  files: 1,
})
add({
  name: 'an upload in parts that is made without a key',
  prepare: nothing,
  act: (client) => create(client, inParts),
  answers: [201],
  files: 1,
  isKeyless: true,
})
add({
  name: 'an upload of bytes that are there already',
  prepare: async ({ quantcdn }) => {
    await quantcdn.stored('hello')
    return withHash()
  },
  act: (client, json) => create(client, json, once),
  answers: [200],
  made: id,
  files: 2,
})
add({
  name: 'parts that are signed',
  isStoreless: true,
  prepare: (client) => created(client, inParts),
  act: (client, id) => client.call('POST', `/v1/uploads/${id}/parts`, { json: { partNumbers: [2, 3] } }),
  answers: [200],
  made: (body: { parts: unknown[] }) => body.parts.length,
  files: 1,
})
add({
  name: 'an upload that is completed',
  prepare: arrived,
  act: (client, id) => client.call('POST', `/v1/uploads/${id}/complete`),
  answers: [200],
  made: id,
  files: 1,
})
add({
  name: 'an upload that is aborted',
  ends: 'failed',
  prepare: arrived,
  act: abort,
  answers: [204],
  files: 1,
})
add({
  name: 'an upload in parts that is aborted',
  triesAll: true,
  ends: 'failed',
  prepare: (client) => created(client, inParts),
  act: abort,
  answers: [204],
  files: 1,
})
add({
  name: 'a status that settles',
  prepare: arrived,
  act: status,
  answers: [200],
  made: (body: { status: string }) => body.status,
  files: 1,
})
add({
  name: 'a status of an upload in parts',
  prepare: (client) => created(client, inParts),
  act: status,
  answers: [200],
  made: (body: { parts: unknown[] }) => body.parts,
  files: 1,
})

describe('/v1/uploads: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
