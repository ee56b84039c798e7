import type { FileId, OrganizationId } from '../core/ids'
import { lateArrivalMs, promotionMaxMs } from '../core/uploads/upload'
import { dueColumns } from './deletion-repository'

/**
 * Lists what pending uploads of `fileIds` (in any organization when that is null) may have left in the bucket for
 * deletion, and returns it: the object where bytes are put, with its multipart upload, unless that is an incoming
 * key, and a copy that a promotion may have made. The keys stay watched while a PUT or a copy can still land. To be
 * followed, in the same batch, by the removal of the upload rows.
 */
export function letGoOfUploads(
  db: D1Database,
  organizationId: OrganizationId | null,
  fileIds: readonly FileId[],
  now: number,
): D1PreparedStatement {
  // CROSS: looked up one by one; otherwise SQLite reads all that is pending.
  const pending = `FROM json_each(?1) j CROSS JOIN uploads u ON u.file_id = j.value
    WHERE u.state = 'pending' AND (?5 IS NULL OR u.organization_id = ?5)`
  // Bytes of unknown length may have become a multipart upload whose name was not written down. What a PUT left may
  // be being rewritten where it is, as settlers do with headers that were not promised.
  return db
    .prepare(
      `INSERT INTO object_deletions (object_key, due_at, watch_until, multipart_id, multipart_method)
       SELECT object_key, ?2, max(expires_at + ?3, CASE method WHEN 'presigned_put' THEN ?2 + ?4 ELSE 0 END),
         multipart_id,
         CASE WHEN method = 'multipart' OR (method = 'edge' AND byte_size IS NULL) THEN method END
       ${pending} AND object_key NOT GLOB '_incoming/*'
       UNION ALL
       SELECT content_key, ?2, promoting_at + ?4, NULL, NULL ${pending} AND promoting_etag IS NOT NULL
       ON CONFLICT (object_key) DO UPDATE SET
         due_at = excluded.due_at, watch_until = max(watch_until, excluded.watch_until),
         multipart_id = coalesce(excluded.multipart_id, multipart_id),
         multipart_method = coalesce(excluded.multipart_method, multipart_method)
       RETURNING ${dueColumns}`,
    )
    .bind(JSON.stringify(fileIds), now, lateArrivalMs, promotionMaxMs, organizationId)
}
