import type { Content } from '../core/contents/content'
import type { Sha256 } from '../core/ids'
import type { UploadIntent, VerifiedBytes } from '../core/ports/upload-repository'
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
  // A trigger turns what the upload had reserved into use, so that the quota never has to hold both. Bytes that
  // stay where they were put may have been rewritten there by a settler that is still at it.
  const insertContent = statement(
    `INSERT INTO contents (id, organization_id, is_public, sha256, byte_size, object_key, etag, created_at,
       watch_until)
     SELECT f.id, f.organization_id, f.is_public,
       CASE WHEN ?8 AND EXISTS (
         SELECT 1 FROM contents WHERE organization_id = ?2 AND is_public = f.is_public AND sha256 = ?3)
         THEN NULL ELSE ?3 END,
       ?4, ?5, ?6, ?7,
       CASE
         WHEN u.object_key <> u.content_key THEN u.promoting_at + ?10
         WHEN u.method = 'presigned_put' THEN max(u.expires_at + ?11, ?7 + ?10)
       END
     FROM uploads u JOIN files f ON f.id = u.file_id
     WHERE u.file_id = ?1 AND u.organization_id = ?2 AND u.state = 'pending' AND u.promoting_etag IS ?9
     ON CONFLICT DO NOTHING`,
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
     SELECT ?3, ?4, ?4 WHERE ${isSettling} AND NOT EXISTS (SELECT 1 FROM contents WHERE id = ?1)
     ON CONFLICT DO NOTHING`,
    upload.contentKey,
    now,
  )
  return [
    insertContent,
    ...completionStatements(db, intent, isPromised ? null : bytes.sha256, [dropObject]),
    db
      .prepare('SELECT object_key FROM object_deletions WHERE object_key = ?1 AND due_at <= ?2')
      .bind(upload.contentKey, now),
  ]
}

/** The batch of `UploadRepository.adopt`. */
export function adoptStatements(
  db: D1Database,
  intent: UploadIntent,
  content: Content,
): D1PreparedStatement[] {
  return completionStatements(db, intent, content.sha256, [])
}

/**
 * Gives the file the content that its upload brought, or else the organization's content with the hash `sha256`
 * that is as public as the file is, and ends the upload; nothing at all if there is neither. `beforeEnd` still
 * sees the upload pending.
 */
function completionStatements(
  db: D1Database,
  { file, upload }: UploadIntent,
  sha256: Sha256 | null,
  beforeEnd: D1PreparedStatement[],
): D1PreparedStatement[] {
  const statement = (sql: string, ...more: unknown[]) =>
    db.prepare(sql).bind(file.id, file.organizationId, ...more)
  const content = `(SELECT id FROM contents WHERE id = ?1
    UNION ALL SELECT id FROM contents
      WHERE organization_id = ?2 AND is_public = files.is_public AND sha256 = ?3 LIMIT 1)`
  return [
    statement(
      `UPDATE files SET status = 'ready', content_id = ${content}, is_duplicate = (${content} <> ?1)
       WHERE id = ?1 AND status = 'uploading' AND ${isPending} AND ${content} IS NOT NULL`,
      sha256,
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
