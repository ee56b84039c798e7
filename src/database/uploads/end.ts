import type { Refusal } from '../../core/errors'
import type { FileId, OrganizationId } from '../../core/ids'
import { lateArrivalMs, promotionMaxMs } from '../../core/uploads/upload'
import type { OfFile } from '../file-rows'
import { deleteTerms } from '../metadata-terms'
import { type DueRow, listForDeletion } from '../object-deletions'
import { prepare, type Statement } from '../statement'

// Statements that end an upload without bytes, or take the bytes of a file away.

/** Those of the files `:fileIds` that have a pending upload. CROSS: otherwise SQLite reads all that is pending. */
const pendingIds = `SELECT u.file_id FROM json_each(:fileIds) j CROSS JOIN uploads u ON u.file_id = j.value
  WHERE u.state = 'pending'`

/** The batch of `UploadRepository.abandon`. Which uploads are pending is asked until the last step ends them. */
export function abandonSteps(
  db: D1Database,
  ids: readonly FileId[],
  refusal: { status: 'error' | 'failed'; reason: Refusal } | null,
  now: number,
) {
  const fileIds = JSON.stringify(ids)
  return {
    due: letGoOfUploads(db, null, ids, now),
    freeKeys: prepare(
      db,
      `DELETE FROM idempotency_records WHERE reply IS NULL AND subject_id IN (${pendingIds})`,
      { fileIds },
    ),
    endFiles:
      refusal === null
        ? prepare(db, `DELETE FROM files WHERE status = 'uploading' AND id IN (${pendingIds})`, { fileIds })
        : prepare(
            db,
            `UPDATE files SET status = :status, refusal = :reason
             WHERE status = 'uploading' AND id IN (${pendingIds})`,
            { fileIds, status: refusal.status, reason: JSON.stringify(refusal.reason) },
          ),
    endUploads: prepare(db, `DELETE FROM uploads WHERE file_id IN (${pendingIds})`, { fileIds }),
  }
}

/** The batch of `UploadRepository.revoke`. */
export function revokeSteps(db: D1Database, of: OfFile, reason: Refusal, now: number) {
  return {
    due: letGoOfContent(db, of, now),
    unindex: deleteTerms(db, of),
    forgetUpload: prepare(
      db,
      'DELETE FROM uploads WHERE file_id = :fileId AND organization_id = :organizationId',
      of,
    ),
    deleteContent: deleteLastContent(db, of),
    refuse: prepare(
      db,
      `UPDATE files SET status = 'error', refusal = :reason, content_id = NULL
       WHERE id = :fileId AND organization_id = :organizationId AND content_id IS NOT NULL`,
      { ...of, reason: JSON.stringify(reason) },
    ),
  }
}

/**
 * If no other file has the content of a file: lists its object for deletion, watched while something may
 * still land at its key, and returns it. To be followed, in the same batch, by the removal of the content row
 * and of the file's reference to it.
 */
export function letGoOfContent(db: D1Database, of: OfFile, now: number): Statement<DueRow> {
  return prepare(
    db,
    listForDeletion(
      `SELECT c.object_key, :now, max(:now, coalesce(c.watch_until, 0)), NULL, NULL
       FROM files f JOIN contents c ON c.id = f.content_id
       WHERE f.id = :fileId AND f.organization_id = :organizationId
         AND NOT EXISTS (SELECT 1 FROM files o WHERE o.content_id = f.content_id AND o.id <> f.id)`,
    ),
    { ...of, now },
  )
}

/** Removes the content of a file if no other file has it. */
export function deleteLastContent(db: D1Database, of: OfFile): Statement {
  return prepare(
    db,
    `DELETE FROM contents WHERE organization_id = :organizationId
       AND id = (SELECT content_id FROM files WHERE id = :fileId AND organization_id = :organizationId)
       AND NOT EXISTS (SELECT 1 FROM files WHERE content_id = contents.id AND id <> :fileId)`,
    of,
  )
}

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
): Statement<DueRow> {
  // CROSS: looked up one by one; otherwise SQLite reads all that is pending.
  const pending = `FROM json_each(:fileIds) j CROSS JOIN uploads u ON u.file_id = j.value
    WHERE u.state = 'pending' AND (:organizationId IS NULL OR u.organization_id = :organizationId)`
  // Bytes of unknown length may have become a multipart upload whose name was not written down. What a PUT left may
  // be being rewritten where it is, as settlers do with headers that were not promised.
  return prepare(
    db,
    listForDeletion(
      `SELECT object_key, :now,
         max(expires_at + :lateArrivalMs, CASE method WHEN 'presigned_put' THEN :now + :promotionMaxMs ELSE 0 END),
         multipart_id,
         CASE WHEN method = 'multipart' OR (method = 'edge' AND byte_size IS NULL) THEN method END
       ${pending} AND object_key NOT GLOB '_incoming/*'
       UNION ALL
       SELECT content_key, :now, promoting_at + :promotionMaxMs, NULL, NULL
       ${pending} AND promoting_etag IS NOT NULL`,
    ),
    { fileIds: JSON.stringify(fileIds), organizationId, now, lateArrivalMs, promotionMaxMs },
  )
}
