import type { FileBase } from '../core/files/file-record'
import type { Sha256 } from '../core/ids'
import type { BeginUpload } from '../core/ports/repositories'
import { edgeUploadTtlMs, type Upload } from '../core/uploads/upload'
import { claimStatements, selectClaimed, storeReply } from './idempotency-records'

/**
 * The batch that writes an intent down. With a claim, nothing is made unless this request holds the key;
 * last come who holds the key and, last of all, the organization's content with the hash. Run twice, it makes
 * one upload.
 */
export function beginUploadStatements(
  db: D1Database,
  { intent, claim, sha256, replyNow, pendingUploadsMax, now }: BeginUpload,
): D1PreparedStatement[] {
  const { file, upload } = intent
  const insertFile = db
    .prepare(
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, status, created_at, is_public,
         checksum)
       SELECT ?1, ?2, ?3, ?4, ?5, 'uploading', ?6, ?8, ?9
       WHERE ?7 IS NULL OR EXISTS (
         SELECT 1 FROM idempotency_records
         WHERE organization_id = ?2 AND idempotency_key = ?7 AND subject_id = ?1)
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(
      file.id,
      file.organizationId,
      file.filename,
      file.contentType,
      JSON.stringify(file.metadata),
      file.createdAt,
      claim?.key ?? null,
      file.isPublic ? 1 : 0,
      file.checksum,
    )
  const selectKnown = db
    .prepare(
      `SELECT id, byte_size, sha256, object_key, etag FROM contents
       WHERE organization_id = ?1 AND is_public = ?3 AND sha256 = ?2`,
    )
    .bind(file.organizationId, sha256, file.isPublic ? 1 : 0)
  // The rest follows only if the file was made.
  const effect = [
    limitPendingUploads(db, file.organizationId, pendingUploadsMax),
    insertFile,
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
    ...(replyNow ? [storeReply(db, file, 'uploading', sha256), extend] : []),
    selectClaimed(db, file.organizationId, claim),
    selectKnown,
  ]
}

/** What the organization may have pending from now on; a trigger counts, a CHECK compares. */
export function limitPendingUploads(
  db: D1Database,
  organizationId: FileBase['organizationId'],
  max: number,
): D1PreparedStatement {
  return db
    .prepare('UPDATE organizations SET pending_uploads_max = ?2 WHERE id = ?1 AND pending_uploads_max <> ?2')
    .bind(organizationId, max)
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
      upload.md5,
      upload.sha256,
      upload.writeOnce ? 1 : 0,
      upload.contentDisposition,
      upload.partBytes,
      sha256,
      upload.method === 'multipart' ? file.createdAt + edgeUploadTtlMs : upload.expiresAt,
    )
}
