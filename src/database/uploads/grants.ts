import { firstIdAt, type Grant, grantMemoryMs } from '../../core/grants/grant'
import type { FileId, OrganizationId } from '../../core/ids'
import { isFile } from '../file-rows'
import { prepare, type Statement } from '../statement'

/** The row of a grant, before its first upload, if its file was made. */
export function insertGrant(
  db: D1Database,
  file: { id: FileId; organizationId: OrganizationId },
  grant: Grant,
): Statement {
  return prepare(
    db,
    `INSERT INTO grants (organization_id, id, terms, max_files, max_bytes)
     SELECT organization_id, grant_id, :terms, :maxFiles, :maxBytes FROM files WHERE ${isFile}
     ON CONFLICT (organization_id, id) DO NOTHING`,
    {
      fileId: file.id,
      organizationId: file.organizationId,
      terms: JSON.stringify(grant),
      maxFiles: grant.maxFiles,
      maxBytes: grant.maxBytes,
    },
  )
}

/** Forgets two grants of long ago: each use of a new one makes room for itself. */
export function forgetGrants(db: D1Database, organizationId: OrganizationId, now: number): Statement {
  return prepare(
    db,
    `DELETE FROM grants WHERE organization_id = :organizationId AND id IN (
       SELECT id FROM grants WHERE organization_id = :organizationId AND id < unhex(:firstKept, '-') ORDER BY id LIMIT 2)`,
    { organizationId, firstKept: firstIdAt(now - grantMemoryMs) },
  )
}
