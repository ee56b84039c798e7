import type { BeginUpload } from '../core/ports/repositories'
import { claimStatements, selectClaimed, storeReply } from './idempotency-records'

/**
 * The batch that writes an intent down. With a claim, nothing is made unless this request holds the key;
 * last come who holds the key and, last of all, the organization's content with the hash.
 */
export function beginUploadStatements(
  db: D1Database,
  { intent, claim, sha256, replyNow, now }: BeginUpload,
): D1PreparedStatement[] {
  const { file, upload } = intent
  const reserved = upload.byteSize ?? 0
  const insertFile = db
    .prepare(
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, status, created_at, is_public,
         checksum)
       SELECT ?1, ?2, ?3, ?4, ?5, 'uploading', ?6, ?8, ?9
       WHERE ?7 IS NULL OR EXISTS (
         SELECT 1 FROM idempotency_records
         WHERE organization_id = ?2 AND idempotency_key = ?7 AND subject_id = ?1)`,
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
  // The rest follows only if the file was made.
  const insertUpload = db
    .prepare(
      `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_type, byte_size,
         reserved_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition)
       SELECT id, organization_id, ?2, 'pending', ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11 FROM files WHERE id = ?1`,
    )
    .bind(
      file.id,
      upload.method,
      upload.objectKey,
      upload.contentType,
      upload.byteSize,
      reserved,
      upload.expiresAt,
      upload.md5,
      upload.sha256,
      upload.writeOnce ? 1 : 0,
      upload.contentDisposition,
    )
  const reserve = db
    .prepare(
      `UPDATE organizations SET reserved_bytes = reserved_bytes + ?3
       WHERE id = ?2 AND EXISTS (SELECT 1 FROM files WHERE id = ?1)`,
    )
    .bind(file.id, file.organizationId, reserved)
  const selectKnown = db
    .prepare(
      `SELECT id, byte_size, sha256, object_key, etag FROM contents
       WHERE organization_id = ?1 AND sha256 = ?2`,
    )
    .bind(file.organizationId, sha256)
  const effect = [insertFile, insertUpload, reserve]
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
    ...(replyNow ? [storeReply(db, file, 'uploading'), extend] : []),
    selectClaimed(db, file.organizationId, claim),
    selectKnown,
  ]
}
