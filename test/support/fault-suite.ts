import { expect, it } from 'vitest'
import { type AnyScenario, injectEverywhere } from './fault-trials'
import { listingStores, type StoreKind } from './start-over'

/** Fewer of one scenario mean that the injection itself is broken. */
const faultsMin = 10

/** A test for each scenario over each kind of store. */
export function itSurvives(
  scenarios: readonly AnyScenario[],
  stores: readonly StoreKind[] = listingStores,
): void {
  for (const store of stores)
    for (const scenario of scenarios.filter(({ isStoreless }) => !isStoreless || store === stores[0]))
      it(`of ${scenario.name} (${store.hasBinding ? 'R2' : 'S3'})`, async ({ task }) => {
        countFaults(task, await injectEverywhere(scenario, store))
      })
}

/** Notes how many faults a test injected; the reporter (fault-count-reporter.ts) adds up those of all. */
export function countFaults({ meta }: { meta: object }, faults: number): void {
  expect(faults, 'faults injected').toBeGreaterThanOrEqual(faultsMin)
  Object.assign(meta, { faults })
}
