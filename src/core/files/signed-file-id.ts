import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import type { FileBase } from './file-record'

/** The signed id of `file` for `purpose`. It never expires, and is the same each time. */
export function signedIdOf(
  { signedIds }: Gateway,
  { id: fileId, organizationId }: FileBase,
  purpose: string,
): Promise<string> {
  return signedIds.sign({ fileId, organizationId, purpose, expiresAt: null })
}

/**
 * The file that `signedId` was made for. Throws `file_not_found` when it was changed, has expired, or was made for
 * another organization or purpose.
 */
export async function fileIdOfSigned(
  gateway: Gateway,
  organizationId: OrganizationId,
  signedId: string,
  purpose: string,
): Promise<FileId> {
  const expected = { organizationId, purpose, now: gateway.now() }
  return (await gateway.signedIds.verify(signedId, expected)) ?? fail({ code: 'file_not_found', fileId: '' })
}
