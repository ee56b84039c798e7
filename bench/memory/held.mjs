import { openInspector } from '../profile/inspector.mjs'

const mebibyte = 1024 ** 2
/** Of the Worker that `startWorker` runs. */
const isolate = 'core:user:bench'

/**
 * How much the isolate whose inspector is at `port` holds at most while `act` runs, in MiB beyond what it held before: JavaScript
 * heap and ArrayBuffers without their garbage, looked at some times a second.
 */
export async function heldWhile(port, act) {
  const { ask, close } = await openInspector(port, isolate)
  const held = async () => {
    // Collects garbage first. HeapProfiler.collectGarbage is a task that workerd never runs.
    await ask('HeapProfiler.takeHeapSnapshot')
    const { usedSize, backingStorageSize } = await ask('Runtime.getHeapUsage')
    return (usedSize + backingStorageSize) / mebibyte
  }
  try {
    const before = await held()
    let most = before
    let isDone = false
    const acting = act().finally(() => {
      isDone = true
    })
    while (!isDone) most = Math.max(most, await held())
    await acting
    return most - before
  } finally {
    close()
  }
}
