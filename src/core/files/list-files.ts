import type { Gateway } from '../gateway'
import type { FileId, OrganizationId } from '../ids'
import type { FileRecord } from './file-record'
import type { MetadataTerm } from './metadata'

/** A page of files, newest first. `next` is where the following page begins; null at the end. */
export type FilePage = { files: FileRecord[]; next: FileId | null }

/**
 * Files with bytes that have all `terms`. One database round trip. A page begins after a file, not at an
 * offset, so it neither repeats nor misses files when others are added or deleted.
 */
export async function listFiles(
  gateway: Gateway,
  organizationId: OrganizationId,
  page: { terms: readonly MetadataTerm[]; before: FileId | null; limit: number },
): Promise<FilePage> {
  const files = await gateway.files.list(organizationId, { ...page, limit: page.limit + 1 })
  const shown = files.slice(0, page.limit)
  return { files: shown, next: files.length > page.limit ? (shown.at(-1)?.id ?? null) : null }
}
