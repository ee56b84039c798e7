const errorsShown = 20

/** Counts what the operations did: how often each kind ran, how long it took, and what went wrong. */
export class Tally {
  /** Milliseconds of the operations that succeeded, by kind. */
  #durations = new Map()
  /** How many of each kind failed. */
  #errors = new Map()
  errorCount = 0
  /** Milliseconds of every request. */
  requests = []

  async run({ name, run }, client) {
    const startedAt = performance.now()
    const durations = this.#durations.get(name) ?? []
    this.#durations.set(name, durations)
    try {
      await run(client)
      durations.push(performance.now() - startedAt)
    } catch (error) {
      this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1)
      // The message of `Unexpected` is enough; any other error is a bug of this program, and needs its stack.
      if (this.errorCount++ < errorsShown)
        console.log(`error: ${client.name}, ${name}: ${error.name === 'Error' ? error.message : error.stack}`)
    }
  }

  print(seconds) {
    const rows = [...this.#durations].map(([name, durations]) => ({
      name,
      durations,
      errors: this.#errors.get(name) ?? 0,
    }))
    const all = rows.flatMap(({ durations }) => durations)
    const operations = all.length + this.errorCount
    console.log(`\n${'operation'.padEnd(26)}   count  errors   p50 ms   p99 ms`)
    for (const { name, durations, errors } of rows) printRow(name, durations, errors)
    printRow('all operations', all, this.errorCount)
    printRow('their single requests', this.requests, null)
    console.log(
      `${(operations / seconds).toFixed(1)} operations and ${(this.requests.length / seconds).toFixed(1)} requests per second`,
    )
  }
}

function printRow(name, durations, errors) {
  const sorted = durations.toSorted((a, b) => a - b)
  const percentile = (share) => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(0)
  const columns = [
    String(durations.length + (errors ?? 0)).padStart(8),
    String(errors ?? '').padStart(7),
    percentile(0.5).padStart(8),
    percentile(0.99).padStart(8),
  ]
  console.log(`${name.padEnd(26)}${columns.join(' ')}`)
}

/** One row; see `memoryOf` for the columns. */
export function printMemory(when, memory, files) {
  const amount = (mebibytes) => (mebibytes === null ? '?' : mebibytes.toFixed(0)).padStart(7)
  const amounts =
    memory === null
      ? '  memory unknown'
      : [memory.runtime, memory.node, memory.heap, memory.buffers].map(amount).join(' ')
  console.log(`${when.padEnd(14)} ${amounts}  ${files} files`)
}

export function printMemoryHead() {
  const columns = ['runtime', 'node', 'heap', 'buffers'].map((name) => name.padStart(7)).join(' ')
  console.log(`${'MiB'.padEnd(14)} ${columns}`)
}

/** Prints each invariant; returns whether all hold. */
export function printInvariants(invariants) {
  console.log('')
  for (const [name, problems] of Object.entries(invariants)) {
    console.log(`${problems.length === 0 ? 'holds ' : 'BROKEN'}  ${name}`)
    for (const problem of problems.slice(0, errorsShown)) console.log(`        ${problem}`)
  }
  return Object.values(invariants).every((problems) => problems.length === 0)
}
