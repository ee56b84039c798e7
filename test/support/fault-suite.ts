import { afterEach, expect, it, vi } from 'vitest'
import { type AnyScenario, injectEverywhere, type StoreKind, storeKinds } from './fault-trials'

/** Fewer of one scenario mean that the injection itself is broken. */
const faultsMin = 10

/** A test for each scenario over each kind of store. */
export function itSurvives(
  scenarios: readonly AnyScenario[],
  kinds: readonly StoreKind[] = storeKinds,
): void {
  restoreAfterEach()
  for (const kind of kinds)
    for (const scenario of scenarios)
      it(`of ${scenario.name} (${kind})`, async ({ task }) => {
        countFaults(task, await injectEverywhere(scenario, kind))
      })
}

/** Time goes by itself again, and the network and the log are what they were. */
export function restoreAfterEach(): void {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}

/** Notes how many faults a test injected; the reporter (fault-count-reporter.ts) adds up those of all. */
export function countFaults({ meta }: { meta: object }, faults: number): void {
  expect(faults, 'faults injected').toBeGreaterThanOrEqual(faultsMin)
  Object.assign(meta, { faults })
}
