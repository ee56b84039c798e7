import { deleteObjects } from '../deletions/delete-objects'
import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'

/**
 * Deletes a file, whatever its status, and its bytes when no other file has them. One database round trip; objects are
 * deleted after the answer, public copies in this data centre before it. Throws `file_not_found`, `database_failed`.
 */
export async function deleteFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: FileId,
): Promise<void> {
  const deleted = await gateway.files.delete(organizationId, id, gateway.now())
  if (deleted === null) fail({ code: 'file_not_found', fileId: id })
  deleteObjects(gateway, deleted.due)
  if (!deleted.wasPublic) return
  try {
    await gateway.publicCopies.forget(organizationId, id)
  } catch (cause) {
    // The file is deleted all the same; its copies expire.
    gateway.log({ event: 'public_copies_not_forgotten', fileId: id, cause })
  }
}
