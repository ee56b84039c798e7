import { fail, GatewayError } from '../core/errors'
import type { OrganizationId } from '../core/ids'

/** What a failed D1 call means. The original stays as `cause`, for the log. */
export function databaseFailure(operation: string, cause: unknown): GatewayError {
  if (violates(cause, 'CHECK constraint failed: within_quota'))
    return new GatewayError({ code: 'quota_exceeded' }, { cause })
  return new GatewayError({ code: 'database_failed', operation }, { cause })
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
