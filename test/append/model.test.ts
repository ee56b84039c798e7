import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Gateway } from '../../src/core/gateway'
import { sweep } from '../../src/core/uploads/sweep'
import { appender, contentOf, portionOf } from '../support/append'
import { AppendModel, type Bringing, type Step } from '../support/append-model'
import { expectInvariants } from '../support/invariants'
import { createMemoryMultipart } from '../support/memory-multipart'
import { r2 } from '../support/start-over'
import { objectKeys } from '../support/worker'

/** How many uploads are tried, each with a random life. */
const runs = Number((env as unknown as { APPEND_MODEL_RUNS: string }).APPEND_MODEL_RUNS)
const partBytes = 1000
/** More than any life takes. */
const content = contentOf(50_000)
const hour = 60 * 60 * 1000
const day = 24 * hour

const sizes = fc.oneof(
  fc.constantFrom(0, 1, 999, 1000, 1001, 2000, 3017),
  fc.nat(4500),
  fc.integer({ min: 2001, max: 5000 }),
)
const bringings: fc.Arbitrary<Bringing> = fc.record({
  size: fc.oneof(fc.nat(30), fc.constantFrom(0, 999, 1000, 1001, 2000), fc.nat(2500)),
  offBy: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 1, 7) },
  ),
  chunkBytes: fc.integer({ min: 1, max: 1500 }),
  isAnnounced: fc.boolean(),
  isAtomic: fc.boolean(),
  digest: fc.constantFrom('none', 'none', 'none', 'right', 'wrong'),
  breaksAt: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 0.99, noNaN: true }) },
  ),
  length: fc.constantFrom('unsaid', 'unsaid', 'unsaid', 'right', 'wrong'),
  isLast: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ step: fc.constant('append' as const), bringing: bringings }) },
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constant('hold' as const),
      // Enough for some parts.
      bringing: bringings.map((bringing) => ({ ...bringing, size: bringing.size + 1500 })),
      waitsAt: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('go on' as const), breaksOff: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ step: 'look' as const }) },
  { weight: 2, arbitrary: fc.constantFrom({ step: 'sweep' as const }, { step: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ step: 'end' as const }, { step: 'delete' as const }) },
)

it('an upload is what its clients have sent of it, whatever they do', async () => {
  const multipart = createMemoryMultipart()
  const clock = { aheadMs: 0 }
  const alter = (gateway: Gateway): Gateway => ({
    ...gateway,
    limits: { ...gateway.limits, appendMaxBytes: partBytes * 10_000 },
    workerMultipart: multipart.store,
    now: () => Date.now() + clock.aheadMs,
    sleep: async () => {},
  })
  const api = await appender(r2, alter)
  /** Sweeps until nothing is waited for any more. */
  const sweepLate = async () => {
    clock.aheadMs += 9 * day
    for (let times = 0; times < 3; times++, clock.aheadMs += 2 * hour) await api.during(sweep)
  }
  const life = async (byteSize: number, isKnown: boolean, firstBytes: number, taken: Step[]) => {
    const first = firstBytes < byteSize ? content.subarray(0, firstBytes) : null
    const progress = await api.create(isKnown ? byteSize : null, first && portionOf(first, 0))
    const model = new AppendModel(api, clock, progress.file.id, content, byteSize, partBytes, isKnown)
    model.kept = first?.length ?? 0
    model.status = progress.status
    try {
      for (const step of taken) {
        await model.take(step)
        await model.check()
      }
      await model.finish()
      await model.check()
      await sweepLate()
      await expectInvariants({ swept: true, over: multipart })
      expect(await objectKeys()).toHaveLength(model.status === 'ready' ? 1 : 0)
    } finally {
      await model.clear()
      await api.during(sweep)
    }
    expect(await objectKeys()).toEqual([])
  }
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), fc.nat(6000), fc.array(steps, { maxLength: 12 }), life),
    { numRuns: runs },
  )
})
