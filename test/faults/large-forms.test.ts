import { describe } from 'vitest'
import { bytesOf } from '../storage/object-store-contract'
import { formBytes, textFile } from '../support/cuadra'
import { itSurvives } from '../support/fault-suite'

const form = formBytes([textFile(bytesOf(5 * 1024 ** 2 + 3), 'big.bin')])

describe('Cuadra: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives([
    {
      name: 'a form that takes two parts',
      prepare: async () => null,
      act: ({ cuadra }) => cuadra.send(form, { 'idempotency-key': 'once' }),
      answers: [201],
      made: (body: { id: string }) => body.id,
      files: 1,
      isLarge: true,
    },
  ])
})
