import type { Sha256 } from '../../core/ids'
import type {
  StreamDetails,
  StreamEnd,
  UploadIntent,
  VerifiedBytes,
} from '../../core/ports/upload-repository'
import { lateArrivalMs, promotionMaxMs, type Upload } from '../../core/uploads/upload'
import { originValues } from '../file-records'
import { isFile, isOfFile, type OfFile, selectFile } from '../file-rows'
import { storeReply } from '../idempotency-records'
import { insertTerms } from '../metadata-terms'
import { listForDeletion } from '../object-deletions'
import { prepare, type Statement } from '../statement'
import type { KeyRow } from './lookups'

/** The guard of every transition: see core/uploads/lifecycle.ts. */
const isPending = `EXISTS (SELECT 1 FROM uploads WHERE ${isOfFile})` as const

/** The file just got its bytes in this batch. */
const isSettling =
  `${isPending} AND EXISTS (SELECT 1 FROM files WHERE ${isFile} AND status = 'ready')` as const

const indexIfSettling = insertTerms(isSettling)

const dropIfKnown = listForDeletion(
  `SELECT :contentKey, :now, :watchUntil, NULL, NULL
   WHERE ${isSettling} AND NOT EXISTS (SELECT 1 FROM contents WHERE ${isFile})`,
)

/**
 * The batch of `UploadRepository.settle`. Nothing happens when another version of the incoming bytes was chosen for
 * promotion than the one these are a copy of.
 */
export function settleSteps(
  db: D1Database,
  { file, upload }: UploadIntent,
  bytes: VerifiedBytes,
  now: number,
  end?: StreamEnd,
) {
  const of = { fileId: file.id, organizationId: file.organizationId }
  // Bytes that passed through the Worker become the organization's content with that hash if there is one by now.
  const knownSha256 = isPromised(upload) ? null : bytes.sha256
  return {
    describe: end ? describe(db, of, end.details) : null,
    associate: end ? associate(db, of, end.details) : null,
    insertContent: insertContent(db, of, upload, bytes, now),
    giveContent: giveContent(db, of, knownSha256),
    index: prepare(db, indexIfSettling, of),
    // The organization had these bytes by then: the object that was just put is one too many.
    dropObject: isPromised(upload)
      ? null
      : prepare(db, dropIfKnown, {
          ...of,
          contentKey: upload.contentKey,
          now,
          // Another request of the same upload may still be putting the same bytes.
          watchUntil: upload.method === 'append' ? now + promotionMaxMs : now,
        }),
    end: endUpload(db, of),
    storeReply: storeReply(db, of, 'ready', { fingerprint: end?.fingerprint ?? null }),
    due: selectDue(db, upload, now),
    file: selectFile(db, of),
  }
}

/** The batch of `UploadRepository.adopt`. */
export function adoptSteps(db: D1Database, { file }: UploadIntent, sha256: Sha256 | null) {
  const of = { fileId: file.id, organizationId: file.organizationId }
  return {
    giveContent: giveContent(db, of, sha256),
    index: prepare(db, indexIfSettling, of),
    end: endUpload(db, of),
    storeReply: storeReply(db, of, 'ready'),
    file: selectFile(db, of),
  }
}

/** Where the file came from, which a form may say after its bytes. */
function describe(db: D1Database, of: OfFile, { origin }: StreamDetails): Statement {
  return prepare(
    db,
    `UPDATE files SET source = :source, source_detail = :sourceDetail, connector_metadata = :connectorMetadata
     WHERE ${isFile} AND status = 'uploading' AND ${isPending}`,
    { ...of, ...originValues(origin) },
  )
}

/** Ties the file to the resource that its form names. */
function associate(db: D1Database, of: OfFile, { resource }: StreamDetails): Statement | null {
  return (
    resource &&
    prepare(
      db,
      `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
       SELECT organization_id, :type, :resourceId, id, created_at FROM files
       WHERE ${isFile} AND status = 'uploading' AND ${isPending}
       ON CONFLICT DO NOTHING`,
      { ...of, type: resource.type, resourceId: resource.id },
    )
  )
}

/** A client was told the key: its bytes stay there even if the organization has the same bytes elsewhere. */
function isPromised({ method }: Upload): boolean {
  return method !== 'edge' && method !== 'append'
}

/**
 * The content that the upload brought. A hash is unique in its organization: of two contents at promised keys the second
 * goes without. Bytes that stay where they were put may have been rewritten there by a settler that is still at it.
 */
function insertContent(
  db: D1Database,
  of: OfFile,
  upload: Upload,
  bytes: VerifiedBytes,
  now: number,
): Statement {
  return prepare(
    db,
    `INSERT INTO contents (organization_id, id, is_public, sha256, byte_size, extension, etag, source_etag,
       watch_until)
     SELECT f.organization_id, f.id, f.is_public,
       CASE WHEN :isPromised AND EXISTS (
         SELECT 1 FROM contents
         WHERE organization_id = :organizationId AND is_public = f.is_public AND sha256 = unhex(:sha256))
         THEN NULL ELSE unhex(:sha256) END,
       :byteSize, substr(u.content_key, length(u.organization_id || '/' || f.uuid) + 1), :etag, u.promoting_etag,
       CASE
         WHEN u.object_key <> u.content_key THEN u.promoting_at + :promotionMaxMs
         WHEN u.method = 'presigned_put' THEN max(u.expires_at + :lateArrivalMs, :now + :promotionMaxMs)
         WHEN u.method = 'append' AND u.multipart_id IS NULL THEN :now + :promotionMaxMs
       END
     FROM uploads u JOIN files f ON f.organization_id = u.organization_id AND f.id = u.file_id
     WHERE u.organization_id = :organizationId AND u.file_id = unhex(:fileId, '-')
       AND u.promoting_etag IS :sourceEtag -- not if another version of the bytes was chosen
     ON CONFLICT DO NOTHING`,
    {
      ...of,
      sha256: bytes.sha256,
      byteSize: bytes.byteSize,
      etag: bytes.etag,
      sourceEtag: bytes.sourceEtag,
      isPromised: isPromised(upload),
      promotionMaxMs,
      lateArrivalMs,
      now,
    },
  )
}

const content = `(SELECT id FROM contents WHERE ${isFile}
  UNION ALL SELECT id FROM contents
    WHERE organization_id = :organizationId AND is_public = files.is_public AND sha256 = unhex(:sha256) LIMIT 1)` as const

const setContent = `UPDATE files SET status = 'ready', content_id = ${content}
  WHERE ${isFile} AND status = 'uploading' AND ${isPending} AND ${content} IS NOT NULL` as const

/**
 * Gives the file the content that its upload brought, or else the organization's content with the hash that is as
 * public as the file is. If there is neither, nothing happens here nor in the steps that follow.
 */
function giveContent(db: D1Database, of: OfFile, sha256: Sha256 | null): Statement {
  return prepare(db, setContent, { ...of, sha256 })
}

const deleteSettling = `DELETE FROM uploads
  WHERE ${isOfFile} AND EXISTS (SELECT 1 FROM files WHERE ${isFile} AND status = 'ready')` as const

/** Ends the upload of a file that got its bytes: a trigger turns what it had reserved into use. */
function endUpload(db: D1Database, of: OfFile): Statement {
  return prepare(db, deleteSettling, of)
}

/** What is to be deleted now, also where this batch runs for the second time. */
function selectDue(db: D1Database, { contentKey }: Upload, now: number): Statement<KeyRow> {
  return prepare(
    db,
    'SELECT object_key FROM object_deletions WHERE object_key = :contentKey AND due_at <= :now',
    { contentKey, now },
  )
}
