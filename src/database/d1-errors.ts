import { fail, GatewayError } from '../core/errors'
import type { OrganizationId } from '../core/ids'

/**
 * What a failed D1 call means. The original stays as `cause`, for the log. A `GatewayError` is returned as it is: a
 * guarded database throws it when the key is refused.
 */
export function databaseFailure(operation: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  if (violates(cause, 'CHECK constraint failed: within_quota') || violates(cause, 'quota_used_up'))
    return new GatewayError({ code: 'quota_exceeded' }, { cause })
  if (violates(cause, 'CHECK constraint failed: within_pending_uploads'))
    return new GatewayError({ code: 'too_many_uploads' }, { cause })
  if (violates(cause, 'within_unsized_uploads'))
    return new GatewayError({ code: 'too_many_unsized_uploads' }, { cause })
  if (violates(cause, 'within_files')) return new GatewayError({ code: 'too_many_files' }, { cause })
  if (violates(cause, 'CHECK constraint failed: within_grant_bytes'))
    return new GatewayError({ code: 'grant_too_large', limitBytes: null }, { cause })
  if (violates(cause, 'CHECK constraint failed: within_grant_'))
    return new GatewayError({ code: 'grant_used_up' }, { cause })
  if (violates(cause, 'grant_revoked'))
    return new GatewayError({ code: 'unauthenticated', reason: 'revoked' }, { cause })
  return new GatewayError({ code: 'database_failed', operation }, { cause })
}

/** After these a write may be tried again if it is safe to repeat (D1, "Debug D1"): it ran or it did not. */
const transientErrors = [
  'Network connection lost',
  'storage caused object to be reset',
  'reset because its code was updated',
  'Cannot resolve D1 DB due to transient issue on remote node',
]

/** Whether D1 itself says that the same call may work a moment later. */
export function isTransient(error: unknown): boolean {
  const cause = error instanceof GatewayError ? error.cause : error
  return transientErrors.some((words) => violates(cause, words))
}

/** Whether SQLite refused a statement because a row refers to one that is not there. */
function isMissingReference(error: unknown): boolean {
  return error instanceof GatewayError && violates(error.cause, 'FOREIGN KEY constraint failed')
}

/** To catch what a batch that writes into `organizationId` throws: `organization_not_found` if there is none. */
export function orOrganizationNotFound(organizationId: OrganizationId): (error: unknown) => never {
  return (error) => {
    if (isMissingReference(error)) fail({ code: 'organization_not_found', organizationId }, error)
    throw error
  }
}

function violates(error: unknown, words: string): boolean {
  return error instanceof Error && error.message.includes(words)
}
