import type { GrantUse } from '../grants/grant'
import type { FileId, GrantId, OrganizationId } from '../ids'

/**
 * The grants that were used or revoked. A use is written in the batch of `UploadRepository.begin`, and given back by the
 * transitions of its file.
 */
export interface GrantRepository {
  find(organizationId: OrganizationId, id: GrantId): Promise<GrantUse | null>
  /** The same with the newest of its files, whatever their status, up to as many as a grant may have. */
  findWithFiles(organizationId: OrganizationId, id: GrantId): Promise<(GrantUse & { files: FileId[] }) | null>
  /** Newest first, those that were made before grant `before`. */
  list(organizationId: OrganizationId, page: { before: GrantId | null; limit: number }): Promise<GrantUse[]>
  /** From now on no upload begins under it. Throws `wrong_organization` when the organization does not exist. */
  revoke(organizationId: OrganizationId, id: GrantId, now: number): Promise<void>
}
