import type { Association } from '../associations/association'
import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import type { FileRecord } from './file-record'
import { findFile } from './get-file'

export type DescribedFile = {
  file: FileRecord
  /** Oldest first; null when they were not asked for. */
  associations: Association[] | null
}

/**
 * A file in whatever state it is, settled first if its bytes have just come. One database round trip, a second one
 * at the same time for its associations. Throws `file_not_found`, `store_failed`, `database_failed`.
 */
export async function describeFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: FileId,
  options: { withAssociations: boolean },
): Promise<DescribedFile> {
  const [file, associations] = await Promise.all([
    findFile(gateway, { organizationId }, id),
    options.withAssociations ? gateway.associations.of(organizationId, id) : null,
  ])
  return { file: file ?? fail({ code: 'file_not_found', fileId: id }), associations }
}
