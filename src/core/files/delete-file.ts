import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import { deleteObjects } from '../uploads/delete-objects'

/**
 * Deletes a file, whatever its status; its bytes go when no other file needs them. One database round
 * trip; the objects follow in the background, and public copies of it within reach are gone at once. Throws `file_not_found`, `database_failed`.
 */
export async function deleteFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: FileId,
): Promise<void> {
  const due = await gateway.files.delete(organizationId, id, gateway.now())
  if (due === null) fail({ code: 'file_not_found', fileId: id })
  deleteObjects(gateway, due)
  try {
    await gateway.publicCopies.forget(organizationId, id)
  } catch (cause) {
    // It is deleted all the same; the copies end by age.
    gateway.log({ event: 'public_copies_not_forgotten', fileId: id, cause })
  }
}
