import type { Content } from '../core/contents/content'
import { termsOf } from '../core/files/metadata'
import type { ObjectKey, Sha256 } from '../core/ids'
import type { UploadIntent, VerifiedBytes } from '../core/ports/repositories'
import { storeReply } from './idempotency-records'

/** ?1 is the file, ?2 its organization. */
export const isPending = `EXISTS (
  SELECT 1 FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending')`

/** The file just got its bytes in this batch. */
const isSettling = `EXISTS (
  SELECT 1 FROM uploads p JOIN files r ON r.id = p.file_id
  WHERE p.file_id = ?1 AND p.organization_id = ?2 AND p.state = 'pending' AND r.status = 'ready')`

/**
 * The batch of `UploadRepository.settle`: the last statement returns the object's key if it is one too many.
 */
export function settleStatements(
  db: D1Database,
  intent: UploadIntent,
  bytes: VerifiedBytes,
  now: number,
): D1PreparedStatement[] {
  const { file } = intent
  // A key that was promised to a client is kept: where the hash is taken, the content goes without it.
  const isPromised = intent.upload.method !== 'edge'
  const insertContent = db
    .prepare(
      `INSERT INTO contents (id, organization_id, sha256, byte_size, object_key, etag, created_at, writable_until)
       SELECT ?3, ?2,
         CASE WHEN ?9 AND EXISTS (SELECT 1 FROM contents WHERE organization_id = ?2 AND sha256 = ?4)
           THEN NULL ELSE ?4 END,
         ?5, ?6, ?7, ?8, ?10 WHERE ${isPending} ON CONFLICT DO NOTHING`,
    )
    .bind(
      file.id,
      file.organizationId,
      bytes.contentId,
      bytes.sha256,
      bytes.byteSize,
      bytes.objectKey,
      bytes.etag,
      now,
      isPromised ? 1 : 0,
      bytes.writableUntil,
    )
  // The organization had these bytes by then: the object that was just put is one too many.
  const dropObject = db
    .prepare(
      `INSERT INTO object_deletions (object_key, due_at, watch_until)
       SELECT ?3, ?4, ?4 WHERE ${isSettling} AND NOT EXISTS (SELECT 1 FROM contents WHERE object_key = ?3)
       ON CONFLICT DO NOTHING`,
    )
    .bind(file.id, file.organizationId, bytes.objectKey, now)
  return [
    insertContent,
    ...completionStatements(db, intent, isPromised ? { ...bytes, sha256: null } : bytes, [dropObject]),
    db.prepare('SELECT object_key FROM object_deletions WHERE object_key = ?1').bind(bytes.objectKey),
  ]
}

/** The batch of `UploadRepository.adopt`. */
export function adoptStatements(
  db: D1Database,
  intent: UploadIntent,
  content: Content,
): D1PreparedStatement[] {
  const { objectKey } = intent.upload
  return completionStatements(db, intent, { objectKey, sha256: content.sha256 }, [])
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
  const terms = termsOf(file.metadata).map(({ field, value }) => [field, value])
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
    statement(
      `INSERT INTO metadata_terms (organization_id, field, value, file_id)
       SELECT ?2, json_extract(value, '$[0]'), json_extract(value, '$[1]'), ?1 FROM json_each(?3)
       WHERE ${isSettling}`,
      JSON.stringify(terms),
    ),
    statement(
      `UPDATE organizations SET
         reserved_bytes = reserved_bytes - (SELECT reserved_bytes FROM uploads WHERE file_id = ?1),
         used_bytes = used_bytes + coalesce((SELECT byte_size FROM contents WHERE object_key = ?3), 0)
       WHERE id = ?2 AND ${isSettling}`,
      content.objectKey,
    ),
    ...beforeEnd,
    upload.method === 'edge'
      ? statement(`DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND ${isSettling}`)
      : statement(
          `UPDATE uploads SET state = 'settled' WHERE file_id = ?1 AND organization_id = ?2 AND ${isSettling}`,
        ),
    storeReply(db, file, 'ready'),
  ]
}
