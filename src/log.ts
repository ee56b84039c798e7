import type { LogEvent } from './core/gateway'

/**
 * One structured line. Errors are written as name, message and causes, without stacks of SQL or requests;
 * everything else is the caller's, who gives no secret, token or presigned URL.
 */
export function writeLog(event: LogEvent): void {
  const write = 'cause' in event ? console.error : console.log
  write(JSON.stringify(event, (_, value) => (value instanceof Error ? describe(value) : value)))
}

function describe(error: Error): Record<string, unknown> {
  const { name, message, cause } = error
  return { name, message, ...(cause === undefined ? {} : { cause }) }
}
