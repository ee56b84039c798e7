import type { FileBase } from '../core/files/file-record'
import type { Sha256 } from '../core/ids'
import type { BeginUpload } from '../core/ports/upload-repository'
import { edgeUploadTtlMs, noHeaderSeal, type Upload } from '../core/uploads/upload'
import { claimStatements, selectClaimed, storeReply } from './idempotency-records'
import { insertFile } from './insert-file'

/**
 * The batch that writes an intent down. With a claim, nothing is made unless this request holds the key;
 * last come who holds the key and, last of all, the organization's content with the hash. Run twice, it makes
 * one upload.
 */
export function beginUploadStatements(db: D1Database, input: BeginUpload): D1PreparedStatement[] {
  const { intent, claim, sha256, completesReply, now } = input
  const { file, upload } = intent
  const isOwnClaim = `?10 IS NULL OR EXISTS (
    SELECT 1 FROM idempotency_records
    WHERE organization_id = ?2 AND idempotency_key = ?10 AND subject_id = ?1)`
  const selectKnown = db
    .prepare(
      `SELECT id, byte_size, sha256, object_key, etag FROM contents
       WHERE organization_id = ?1 AND is_public = ?3 AND sha256 = ?2`,
    )
    .bind(file.organizationId, sha256, file.isPublic ? 1 : 0)
  // The rest follows only if the file was made.
  const effect = [
    limitUploads(db, file.organizationId, input),
    insertFile(db, intent, isOwnClaim, [claim?.key ?? null]),
    insertUpload(db, file, upload, sha256),
  ]
  if (claim === null) return [...effect, selectKnown]

  const extend = db
    .prepare(
      `UPDATE uploads SET expires_at = max(expires_at, ?4), sweep_at = max(sweep_at, ?4)
       WHERE state = 'pending' AND method = 'presigned_put' AND file_id = (
         SELECT subject_id FROM idempotency_records
         WHERE organization_id = ?1 AND idempotency_key = ?2 AND fingerprint = ?3)`,
    )
    .bind(file.organizationId, claim.key, claim.fingerprint, upload.expiresAt)
  const subject = { organizationId: file.organizationId, subjectId: file.id }
  return [
    ...claimStatements(db, subject, claim, null, now),
    ...effect,
    ...(completesReply ? [storeReply(db, file, 'uploading', sha256), extend] : []),
    selectClaimed(db, file.organizationId, claim),
    selectKnown,
  ]
}

/** What the organization may have from now on; triggers count, and refuse what begins beyond it. */
export function limitUploads(
  db: D1Database,
  organizationId: FileBase['organizationId'],
  { pendingUploadsMax, filesMax }: Pick<BeginUpload, 'pendingUploadsMax' | 'filesMax'>,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE organizations SET pending_uploads_max = ?2, files_max = ?3
       WHERE id = ?1 AND (pending_uploads_max <> ?2 OR files_max IS NOT ?3)`,
    )
    .bind(organizationId, pendingUploadsMax, filesMax)
}

/**
 * The upload of a file that is there. Content that the organization has already, and that is as public, costs
 * nothing, so reserves nothing. Until the store's multipart upload is noted, the request that makes it may have died: the sweep looks
 * at it sooner.
 */
export function insertUpload(
  db: D1Database,
  file: Pick<FileBase, 'id' | 'createdAt'>,
  upload: Upload,
  sha256: Sha256 | null,
): D1PreparedStatement {
  const {
    md5,
    sha256: promised,
    writeOnce,
    contentDisposition,
    partBytes,
  } = {
    ...noHeaderSeal,
    partBytes: null,
    ...upload,
  }
  return db
    .prepare(
      `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_key, content_type,
         byte_size, reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition, part_bytes)
       SELECT f.id, f.organization_id, ?2, 'pending', ?3, ?4, ?5, ?6,
         CASE WHEN ?6 IS NULL OR EXISTS (
           SELECT 1 FROM contents
           WHERE organization_id = f.organization_id AND is_public = f.is_public AND sha256 = ?13)
         THEN 0 ELSE ?6 END,
         ?7, ?14, ?8, ?9, ?10, ?11, ?12
       FROM files f WHERE f.id = ?1 AND f.status = 'uploading'
       ON CONFLICT (file_id) DO NOTHING`,
    )
    .bind(
      file.id,
      upload.method,
      upload.objectKey,
      upload.contentKey,
      upload.contentType,
      upload.byteSize,
      upload.expiresAt,
      md5,
      promised,
      writeOnce ? 1 : 0,
      contentDisposition,
      partBytes,
      sha256,
      upload.method === 'multipart' ? file.createdAt + edgeUploadTtlMs : upload.expiresAt,
    )
}
