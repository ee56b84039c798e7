import type { Refusal } from '../../core/errors'
import type { FileKey } from '../../core/ids'
import { lateArrivalMs, promotionMaxMs } from '../../core/uploads/upload'
import { isFile, type OfFile } from '../file-rows'
import { type DueRow, listForDeletion } from '../object-deletions'
import { prepare, type Statement } from '../statement'

// Statements that end an upload without bytes, or take the bytes of a file away. Triggers take away what goes with it.

/** The value of `:files`: pairs of organization and file. */
export function listOf(files: readonly FileKey[]): string {
  return JSON.stringify(files.map(({ organizationId, id }) => [organizationId, id]))
}

/** The pending uploads `u` of `:files`. CROSS: looked up one by one; otherwise SQLite reads all that is pending. */
const pendingOfFiles = `json_each(:files) j CROSS JOIN uploads u
  ON u.organization_id = j.value ->> 0 AND u.file_id = unhex(j.value ->> 1, '-')`

const pendingKeys = `(SELECT u.organization_id, u.file_id FROM ${pendingOfFiles})`

/** The batch of `UploadRepository.abandon`. Which uploads are pending is asked until the last step ends them. */
export function abandonSteps(
  db: D1Database,
  ended: readonly FileKey[],
  refusal: { status: 'error' | 'failed'; reason: Refusal } | null,
  now: number,
) {
  const files = listOf(ended)
  return {
    due: letGoOfUploads(db, ended, now),
    freeKeys: prepare(
      db,
      `DELETE FROM idempotency_records
       WHERE reply IS NULL AND subject_id IN (SELECT j.value ->> 1 FROM ${pendingOfFiles})`,
      { files },
    ),
    endFiles:
      refusal === null
        ? prepare(
            db,
            `DELETE FROM files WHERE status = 'uploading' AND (organization_id, id) IN ${pendingKeys}`,
            { files },
          )
        : prepare(
            db,
            `UPDATE files SET status = :status, refusal = :reason
             WHERE status = 'uploading' AND (organization_id, id) IN ${pendingKeys}`,
            { files, status: refusal.status, reason: JSON.stringify(refusal.reason) },
          ),
    // That of a file that was deleted has gone with it.
    endUploads:
      refusal &&
      prepare(db, `DELETE FROM uploads WHERE (organization_id, file_id) IN ${pendingKeys}`, { files }),
  }
}

/** The batch of `UploadRepository.revoke`. */
export function revokeSteps(db: D1Database, of: OfFile, reason: Refusal, now: number) {
  return {
    due: letGoOfContent(db, of, now),
    refuse: prepare(
      db,
      `UPDATE files SET status = 'error', refusal = :reason, content_id = NULL
       WHERE ${isFile} AND content_id IS NOT NULL`,
      { ...of, reason: JSON.stringify(reason) },
    ),
  }
}

/**
 * If no other file has the content of a file: lists its object for deletion, watched while something may still land at
 * its key, and returns it. To be followed, in the same batch, by the step that takes the content away from the file.
 */
export function letGoOfContent(db: D1Database, of: OfFile, now: number): Statement<DueRow> {
  return prepare(
    db,
    listForDeletion(
      `SELECT c.object_key, :now, max(:now, coalesce(c.watch_until, 0)), NULL, NULL
       FROM files f JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id
       WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-')
         AND NOT EXISTS (
           SELECT 1 FROM files o
           WHERE o.organization_id = c.organization_id AND o.id = c.id AND o.content_id = c.id AND o.id <> f.id)
         AND NOT EXISTS (
           SELECT 1 FROM files o INDEXED BY files_duplicate
           WHERE o.organization_id = c.organization_id AND o.content_id = c.id AND o.content_id <> o.id
             AND o.id <> f.id)`,
    ),
    { ...of, now },
  )
}

/**
 * Lists what pending uploads of `ended` may have left in the bucket for deletion, and returns it: the object where bytes
 * are put, with its multipart upload, unless that is an incoming key, and a copy that a promotion may have made. The keys
 * stay watched while a PUT or a copy can still land. To be followed, in the same batch, by the removal of the uploads.
 */
export function letGoOfUploads(db: D1Database, ended: readonly FileKey[], now: number): Statement<DueRow> {
  // No URL was made of what the Worker puts: it lands while its request runs. Bytes of unknown length may have become a multipart upload whose name was not written down. What a PUT left may
  // be being rewritten where it is, as settlers do with headers that were not promised.
  return prepare(
    db,
    listForDeletion(
      `SELECT object_key, :now,
         CASE method
           WHEN 'append' THEN :now + :promotionMaxMs
           WHEN 'presigned_put' THEN max(expires_at + :lateArrivalMs, :now + :promotionMaxMs)
           ELSE expires_at + :lateArrivalMs
         END,
         multipart_id,
         CASE
           WHEN method = 'multipart' THEN 'multipart'
           WHEN multipart_id IS NOT NULL OR (method IN ('edge', 'append') AND byte_size IS NULL)
             OR (method = 'append' AND byte_size > part_bytes) THEN 'edge'
         END
       FROM ${pendingOfFiles} WHERE object_key NOT GLOB '_incoming/*'
       UNION ALL
       SELECT content_key, :now, promoting_at + :promotionMaxMs, NULL, NULL
       FROM ${pendingOfFiles} WHERE promoting_etag IS NOT NULL`,
    ),
    { files: listOf(ended), now, lateArrivalMs, promotionMaxMs },
  )
}
