import type { Reporter, TestModule } from 'vitest/node'

/** Prints how many faults were injected, by file and in all. */
export default class FaultCountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let total = 0
    for (const module of modules) {
      let faults = 0
      for (const test of module.children.allTests())
        faults += (test.meta() as { faults?: number }).faults ?? 0
      if (faults > 0) process.stdout.write(`${module.relativeModuleId}: ${faults} faults injected\n`)
      total += faults
    }
    if (total > 0) process.stdout.write(`${total} faults injected\n`)
  }
}
