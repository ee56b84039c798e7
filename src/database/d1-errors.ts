import { GatewayError } from '../core/errors'

/** What a failed D1 call means. The original stays as `cause`, for the log. */
export function databaseFailure(operation: string, cause: unknown): GatewayError {
  if (violates(cause, 'CHECK constraint failed: within_quota'))
    return new GatewayError({ code: 'quota_exceeded' }, { cause })
  return new GatewayError({ code: 'database_failed', operation }, { cause })
}

/** Whether SQLite refused a statement because a row refers to one that is not there. */
export function isMissingReference(error: unknown): boolean {
  return error instanceof GatewayError && violates(error.cause, 'FOREIGN KEY constraint failed')
}

function violates(error: unknown, words: string): boolean {
  return error instanceof Error && error.message.includes(words)
}
