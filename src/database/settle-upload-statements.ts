import type { Content } from '../core/contents/content'
import type { ObjectKey, Sha256 } from '../core/ids'
import type { UploadIntent, VerifiedBytes } from '../core/ports/repositories'
import { lateArrivalMs, promotionMaxMs } from '../core/uploads/upload'
import { storeReply } from './idempotency-records'
import { insertTerms } from './metadata-terms'

/** ?1 is the file, ?2 its organization. */
export const isPending = `EXISTS (
  SELECT 1 FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending')`

/** The file just got its bytes in this batch. */
const isSettling = `EXISTS (
  SELECT 1 FROM uploads p JOIN files r ON r.id = p.file_id
  WHERE p.file_id = ?1 AND p.organization_id = ?2 AND p.state = 'pending' AND r.status = 'ready')`

/**
 * The batch of `UploadRepository.settle`: the last statement returns what is now to be deleted. Nothing happens
 * when another version of the incoming bytes was chosen for promotion than the one these are a copy of.
 */
export function settleStatements(
  db: D1Database,
  intent: UploadIntent,
  bytes: VerifiedBytes,
  now: number,
): D1PreparedStatement[] {
  const { file, upload } = intent
  const statement = (sql: string, ...more: unknown[]) =>
    db.prepare(sql).bind(file.id, file.organizationId, ...more)
  // A key that was promised to a client is kept: where the hash is taken, the content goes without it.
  const isPromised = upload.method !== 'edge'
  const isChosen = (parameter: string) => `EXISTS (
    SELECT 1 FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending'
      AND promoting_etag IS ${parameter})`
  // Before the content comes, so that the quota never has to hold both.
  const release = statement(
    `UPDATE uploads SET reserved_bytes = 0
     WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending' AND promoting_etag IS ?3`,
    bytes.sourceEtag,
  )
  const insertContent = statement(
    `INSERT INTO contents (id, organization_id, sha256, byte_size, object_key, etag, created_at, watch_until)
     SELECT ?3, ?2,
       CASE WHEN ?9 AND EXISTS (SELECT 1 FROM contents WHERE organization_id = ?2 AND sha256 = ?4)
         THEN NULL ELSE ?4 END,
       ?5, ?6, ?7, ?8,
       (SELECT CASE
          WHEN object_key <> content_key THEN promoting_at + ?11
          WHEN method = 'presigned_put' THEN expires_at + ?12
        END FROM uploads WHERE file_id = ?1)
     WHERE ${isChosen('?10')} ON CONFLICT DO NOTHING`,
    bytes.contentId,
    bytes.sha256,
    bytes.byteSize,
    upload.contentKey,
    bytes.etag,
    now,
    isPromised ? 1 : 0,
    bytes.sourceEtag,
    promotionMaxMs,
    lateArrivalMs,
  )
  // The organization had these bytes by then: the object that was just put is one too many.
  const dropObject = statement(
    `INSERT INTO object_deletions (object_key, due_at, watch_until)
     SELECT ?3, ?4, ?4 WHERE ${isSettling} AND NOT EXISTS (SELECT 1 FROM contents WHERE object_key = ?3)
     ON CONFLICT DO NOTHING`,
    upload.contentKey,
    now,
  )
  const dropIncoming = statement(
    `INSERT INTO object_deletions (object_key, due_at, watch_until)
     SELECT object_key, ?3, expires_at + ?4 FROM uploads
     WHERE file_id = ?1 AND object_key <> content_key AND ${isSettling}
     ON CONFLICT DO NOTHING`,
    now,
    lateArrivalMs,
  )
  return [
    release,
    insertContent,
    ...completionStatements(
      db,
      intent,
      { objectKey: upload.contentKey, sha256: isPromised ? null : bytes.sha256 },
      [dropObject, dropIncoming],
    ),
    db
      .prepare('SELECT object_key FROM object_deletions WHERE object_key IN (?1, ?2) AND due_at <= ?3')
      .bind(upload.objectKey, upload.contentKey, now),
  ]
}

/** The batch of `UploadRepository.adopt`. */
export function adoptStatements(
  db: D1Database,
  intent: UploadIntent,
  content: Content,
): D1PreparedStatement[] {
  const { contentKey } = intent.upload
  return completionStatements(db, intent, { objectKey: contentKey, sha256: content.sha256 }, [])
}

/**
 * Gives the file the content at `objectKey`, or else the organization's content with that hash, and ends
 * the upload; nothing at all if there is neither. `beforeEnd` still sees the upload pending.
 */
function completionStatements(
  db: D1Database,
  { file, upload }: UploadIntent,
  content: { objectKey: ObjectKey; sha256: Sha256 | null },
  beforeEnd: D1PreparedStatement[],
): D1PreparedStatement[] {
  const statement = (sql: string, ...more: unknown[]) =>
    db.prepare(sql).bind(file.id, file.organizationId, ...more)
  return [
    statement(
      `UPDATE files SET status = 'ready', (content_id, is_duplicate) = (
         SELECT id, object_key <> ?3 FROM contents
         WHERE organization_id = ?2 AND (object_key = ?3 OR sha256 = ?4))
       WHERE id = ?1 AND status = 'uploading' AND ${isPending} AND EXISTS (
         SELECT 1 FROM contents WHERE organization_id = ?2 AND (object_key = ?3 OR sha256 = ?4))`,
      content.objectKey,
      content.sha256,
    ),
    insertTerms(db, file.organizationId, file.id, isSettling),
    ...beforeEnd,
    upload.method === 'edge'
      ? statement(`DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND ${isSettling}`)
      : statement(
          `UPDATE uploads SET state = 'settled' WHERE file_id = ?1 AND organization_id = ?2 AND ${isSettling}`,
        ),
    storeReply(db, file, 'ready'),
  ]
}
