import type { LogEvent } from './core/gateway'

/**
 * Writes one structured line. An error is written as name, message and causes, without its stack. The code that logs must
 * not pass a secret, a token or a presigned URL.
 */
export function writeLog(event: LogEvent): void {
  const write = 'cause' in event ? console.error : console.log
  write('cause' in event ? JSON.stringify(event, withErrors) : JSON.stringify(event))
}

function withErrors(_: string, value: unknown): unknown {
  return value instanceof Error ? describe(value) : value
}

function describe(error: Error): Record<string, unknown> {
  const { name, message, cause } = error
  return { name, message, ...(cause === undefined ? {} : { cause }) }
}
