import type { FileBase } from '../../core/files/file-record'
import type { OrganizationId, Sha256 } from '../../core/ids'
import type { BeginUpload, NewUploadIntent } from '../../core/ports/upload-repository'
import { awaitsMultipart, edgeUploadTtlMs, noHeaderSeal } from '../../core/uploads/upload'
import { originValues } from '../file-records'
import { claimSteps, selectHolder, storeReply } from '../idempotency-records'
import { prepare, type Statement } from '../statement'
import { forgetGrants, insertGrant } from './grants'

/** A row of `contents`: the one with the hash that was asked for. */
export type ContentRow = {
  byte_size: number
  sha256: string | null
  object_key: string
  etag: string
  source_etag: string | null
  watch_until: number | null
}

/**
 * The batch of `UploadRepository.begin`. With a claim the file, and all that follows from it, is made only if this
 * request holds the key. Safe to run twice.
 */
export function beginSteps(db: D1Database, input: BeginUpload) {
  const { intent, claim, sha256, completesReply, now } = input
  const { id: fileId, organizationId, isPublic } = intent.file
  const of = { fileId, organizationId }
  const isReplyDue = claim !== null && completesReply
  return {
    ...claimSteps(db, { organizationId, subjectId: fileId }, claim, null, now),
    limit: limitUploads(db, organizationId, input),
    insertFile: insertFile(db, intent, claim?.key ?? null),
    insertGrant: intent.grant ? insertGrant(db, intent.file, intent.grant) : null,
    forgetGrants: intent.grant ? forgetGrants(db, organizationId, now) : null,
    insertUpload: insertUpload(db, intent, sha256),
    storeReply: isReplyDue ? storeReply(db, of, 'uploading', { unlessKnown: sha256 }) : null,
    // The same request as the one that holds the key: its URL is signed anew.
    extend: isReplyDue
      ? prepare(
          db,
          `UPDATE uploads SET expires_at = max(expires_at, :expiresAt), sweep_at = max(sweep_at, :expiresAt)
           WHERE method = 'presigned_put' AND organization_id = :organizationId AND file_id = (
             SELECT unhex(subject_id, '-') FROM idempotency_records
             WHERE organization_id = :organizationId AND idempotency_key = :key AND fingerprint = :fingerprint)`,
          {
            organizationId,
            key: claim.key,
            fingerprint: claim.fingerprint,
            expiresAt: intent.upload.expiresAt,
          },
        )
      : null,
    holder: selectHolder(db, organizationId, claim),
    known: sha256 === null ? null : selectKnown(db, { organizationId, isPublic, sha256 }),
  }
}

/** The organization's content with the hash that is as public as the file. */
function selectKnown(
  db: D1Database,
  of: Pick<FileBase, 'organizationId' | 'isPublic'> & { sha256: Sha256 },
): Statement<ContentRow> {
  return prepare(
    db,
    `SELECT byte_size, lower(hex(sha256)) AS sha256, object_key, etag, source_etag, watch_until FROM contents
     WHERE organization_id = :organizationId AND is_public = :isPublic AND sha256 = unhex(:sha256)`,
    of,
  )
}

/** What the organization may have from now on; triggers count, and refuse what begins beyond it. */
function limitUploads(
  db: D1Database,
  organizationId: OrganizationId,
  { pendingUploadsMax, filesMax }: Pick<BeginUpload, 'pendingUploadsMax' | 'filesMax'>,
): Statement {
  return prepare(
    db,
    `UPDATE organizations SET pending_uploads_max = :pendingUploadsMax, files_max = :filesMax
     WHERE id = :organizationId AND (pending_uploads_max <> :pendingUploadsMax OR files_max IS NOT :filesMax)`,
    { organizationId, pendingUploadsMax, filesMax },
  )
}

/** The file, if it holds the idempotency key that was asked for. */
function insertFile(db: D1Database, intent: NewUploadIntent, key: string | null): Statement {
  const { file, terms, grant, statement = null } = intent
  return prepare(
    db,
    `INSERT INTO files (organization_id, id, filename, content_type, metadata, terms, checksum, is_public,
       grant_id, statement, source, source_detail, connector_metadata, status, created_at)
     SELECT :organizationId, unhex(:id, '-'), :filename, :contentType, :metadata, :terms, :checksum, :isPublic,
       unhex(:grantId, '-'), :statement, :source, :sourceDetail, :connectorMetadata, 'uploading', :createdAt
     WHERE :key IS NULL OR EXISTS (
       SELECT 1 FROM idempotency_records
       WHERE organization_id = :organizationId AND idempotency_key = :key AND subject_id = :id)
     ON CONFLICT (organization_id, id) DO NOTHING`,
    {
      id: file.id,
      organizationId: file.organizationId,
      filename: file.filename,
      contentType: file.contentType,
      metadata: JSON.stringify(file.metadata),
      terms: JSON.stringify(terms),
      checksum: file.checksum,
      isPublic: file.isPublic,
      grantId: grant?.id ?? null,
      statement,
      ...originValues(file.origin),
      createdAt: file.createdAt,
      key,
    },
  )
}

/**
 * The upload, if its file was made. Content that the organization has already, and that is as public, costs nothing,
 * so reserves nothing. Until the store's multipart upload is noted, the request that makes it may have died: the sweep
 * looks at it sooner.
 */
function insertUpload(
  db: D1Database,
  { file, upload, takes, hold }: NewUploadIntent,
  knownSha256: Sha256 | null,
): Statement {
  const { md5, sha256, writeOnce, contentDisposition, partBytes, receivedBytes } = {
    ...noHeaderSeal,
    partBytes: null,
    receivedBytes: null,
    ...upload,
  }
  return prepare(
    db,
    `INSERT INTO uploads (organization_id, file_id, method, object_key, content_key, content_type, byte_size,
       reserved_bytes, granted_bytes, expires_at, sweep_at, md5, sha256, write_once, content_disposition, part_bytes,
       received_bytes, append_token, append_until)
     SELECT f.organization_id, f.id, :method, :objectKey, :contentKey, :contentType, :byteSize,
       CASE WHEN :byteSize IS NULL OR EXISTS (
         SELECT 1 FROM contents
         WHERE organization_id = f.organization_id AND is_public = f.is_public AND sha256 = unhex(:knownSha256))
       THEN 0 ELSE :byteSize END,
       CASE WHEN f.grant_id IS NOT NULL THEN coalesce(:byteSize, :takesExactly, (
         SELECT min(max_bytes - bytes_used, coalesce(:takesAtMost, max_bytes - bytes_used)) FROM grants
         WHERE organization_id = f.organization_id AND id = f.grant_id), 0) END,
       :expiresAt, :sweepAt, :md5, :sha256, :writeOnce, :contentDisposition, :partBytes,
       :receivedBytes, :appendToken, :appendUntil
     FROM files f
     WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-') AND f.status = 'uploading'
     ON CONFLICT (organization_id, file_id) DO NOTHING`,
    {
      organizationId: file.organizationId,
      fileId: file.id,
      method: upload.method,
      objectKey: upload.objectKey,
      contentKey: upload.contentKey,
      contentType: upload.contentType,
      byteSize: upload.byteSize,
      expiresAt: upload.expiresAt,
      sweepAt: awaitsMultipart(upload) ? file.createdAt + edgeUploadTtlMs : upload.expiresAt,
      md5,
      sha256,
      writeOnce,
      contentDisposition,
      partBytes,
      receivedBytes,
      appendToken: hold?.token ?? null,
      appendUntil: hold?.until ?? null,
      knownSha256,
      takesExactly: takes && 'exactly' in takes ? takes.exactly : null,
      takesAtMost: takes && 'atMost' in takes ? takes.atMost : null,
    },
  )
}
