import { fail, failField } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import { type Association, associationsMax, type Resource } from './association'

/**
 * Ties a file to a resource; a tie that is there stays as it is. One database round trip.
 * Throws `file_not_found`, `invalid_request` when the file has all the associations it can have.
 */
export async function associateFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  fileId: FileId,
  resource: Resource,
): Promise<Association> {
  const association = { resource, createdAt: gateway.now() }
  const added = await gateway.associations.add(organizationId, fileId, association, associationsMax)
  if (added === 'no_file') fail({ code: 'file_not_found', fileId })
  if (added === 'full') failField('resourceId', `a file has at most ${associationsMax} associations`)
  return added
}

/** Unties a file from a resource, if they are tied. One database round trip. Throws `file_not_found`. */
export async function dissociateFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  fileId: FileId,
  resource: Resource,
): Promise<void> {
  if (!(await gateway.associations.remove(organizationId, fileId, resource)))
    fail({ code: 'file_not_found', fileId })
}
