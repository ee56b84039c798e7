import type { Reporter } from 'vitest/node'

/** What workerd says of connections that tests cut off and of exceptions that they catch. */
const ofTheRuntime =
  /^(exception = |stack: |uncaught exception; |A header value for ".{1,100}" contains non-ASCII )/
const linesShown = 200

/** Keeps the lines that workerd itself writes to the end of the run, and prints them only where a test failed. */
export default class RuntimeLogReporter implements Reporter {
  readonly #held: string[] = []
  readonly #write = process.stderr.write.bind(process.stderr)

  onInit(): void {
    process.stderr.write = ((text: string | Uint8Array, ...rest: []) => {
      if (typeof text !== 'string' || !ofTheRuntime.test(text)) return this.#write(text, ...rest)
      this.#held.push(text)
      return true
    }) as typeof process.stderr.write
  }

  onTestRunEnd(_: unknown, __: unknown, reason: 'passed' | 'failed' | 'interrupted'): void {
    process.stderr.write = this.#write
    if (reason === 'failed') for (const text of this.#held.slice(-linesShown)) this.#write(text)
  }
}
