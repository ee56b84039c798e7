import type { Reporter } from 'vitest/node'

/** What workerd says of connections that tests cut off and of exceptions that they catch. */
const ofTheRuntime =
  /^(exception = |stack: |uncaught exception; |A header value for ".{1,100}" contains non-ASCII )/
const linesShown = 200

/** Keeps the lines that workerd itself writes to the end of the run, and prints them only where a test failed. */
export default class RuntimeLogReporter implements Reporter {
  readonly #held: string[] = []
  readonly #restore: (() => void)[] = []

  onInit(): void {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream)
      stream.write = ((text: string | Uint8Array, ...rest: []) => {
        if (typeof text !== 'string' || !ofTheRuntime.test(text)) return write(text, ...rest)
        this.#held.push(text)
        return true
      }) as typeof stream.write
      this.#restore.push(() => {
        stream.write = write
      })
    }
  }

  onTestRunEnd(_: unknown, __: unknown, reason: 'passed' | 'failed' | 'interrupted'): void {
    for (const restore of this.#restore.splice(0)) restore()
    if (reason === 'failed') for (const text of this.#held.slice(-linesShown)) process.stderr.write(text)
  }
}
