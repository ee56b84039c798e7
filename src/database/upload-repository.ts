import type { Content } from '../core/contents/content'
import { fail } from '../core/errors'
import type { FileRecord } from '../core/files/file-record'
import { termsOf } from '../core/files/metadata'
import type { ContentId, FileId, ObjectKey, OrganizationId, Sha256 } from '../core/ids'
import type { BeginUpload, UploadIntent, UploadRepository } from '../core/ports/repositories'
import { lateArrivalMs } from '../core/uploads/upload'
import { readRows, rowsOf, runBatch } from './d1'
import { selectFile } from './file-repository'
import { type FileRow, fileColumns, fileJoins, fileSnapshot, toFileRecord } from './file-rows'
import {
  claimStatements,
  type IdempotencyRow,
  selectClaimed,
  toIdempotencyRecord,
} from './idempotency-records'
import { letGoOfContent } from './let-go-of-content'

/**
 * Every transition is guarded by the upload's row being `pending`. The statement that ends the upload
 * comes last in its batch, so that all statements before it see the same guard; whoever's batch runs
 * first decides, and a batch that is run twice changes nothing the second time.
 */
export function createUploadRepository(db: D1Database): UploadRepository {
  return {
    async begin(input) {
      const { intent, claim } = input
      const results = await runBatch(db, 'uploads.begin', beginStatements(db, input))
      if (claim !== null) {
        const [row] = rowsOf<IdempotencyRow>(results, -2)
        if (!row) fail({ code: 'database_failed', operation: 'uploads.begin' })
        if (row.subject_id !== intent.file.id)
          return {
            outcome: 'claimed',
            record: toIdempotencyRecord(row, parseFileReply),
            uploadExpiresAt: row.upload_expires_at,
          }
      }
      const [content] = rowsOf<ContentRow>(results, -1)
      return { outcome: 'begun', known: content ? toContent(content) : null }
    },

    async settle(intent, bytes, now) {
      const { file } = intent
      const insertContent = db
        .prepare(
          `INSERT INTO contents (id, organization_id, sha256, byte_size, object_key, etag, created_at)
           SELECT ?3, ?2, ?4, ?5, ?6, ?7, ?8 WHERE ${isPending} ON CONFLICT DO NOTHING`,
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
        )
      // The organization had these bytes by then: the object that was just put is one too many.
      const dropObject = db
        .prepare(
          `INSERT INTO object_deletions (object_key, due_at, watch_until)
           SELECT ?3, ?4, ?4 WHERE ${isSettling} AND NOT EXISTS (SELECT 1 FROM contents WHERE object_key = ?3)
           ON CONFLICT DO NOTHING`,
        )
        .bind(file.id, file.organizationId, bytes.objectKey, now)
      const selectDropped = db
        .prepare('SELECT object_key FROM object_deletions WHERE object_key = ?1')
        .bind(bytes.objectKey)
      const results = await runBatch(db, 'uploads.settle', [
        insertContent,
        ...completion(db, intent, { objectKey: bytes.objectKey, sha256: bytes.sha256 }, [dropObject]),
        selectDropped,
        selectFile(db, file.organizationId, file.id),
      ])
      const dropped = rowsOf<{ object_key: string }>(results, -2).map((row) => row.object_key as ObjectKey)
      return { file: fileOf(results), due: dropped }
    },

    async adopt(intent, content) {
      const { file, upload } = intent
      const results = await runBatch(db, 'uploads.adopt', [
        ...completion(db, intent, { objectKey: upload.objectKey, sha256: content.sha256 }, []),
        selectFile(db, file.organizationId, file.id),
      ])
      return fileOf(results)
    },

    async abandon({ organizationId, fileId }, refusal, now) {
      const statement = (sql: string, ...more: unknown[]) =>
        db.prepare(sql).bind(fileId, organizationId, ...more)
      await runBatch(db, 'uploads.abandon', [
        statement(
          `UPDATE organizations SET reserved_bytes = reserved_bytes - (
             SELECT reserved_bytes FROM uploads WHERE file_id = ?1)
           WHERE id = ?2 AND ${isPending}`,
        ),
        statement(
          `INSERT INTO object_deletions (object_key, due_at, watch_until)
           SELECT object_key, ?3, expires_at + ?4 FROM uploads WHERE file_id = ?1 AND ${isPending}
           ON CONFLICT (object_key) DO UPDATE SET
             due_at = excluded.due_at, watch_until = max(watch_until, excluded.watch_until)`,
          now,
          lateArrivalMs,
        ),
        statement(
          `DELETE FROM idempotency_records
           WHERE subject_id = ?1 AND organization_id = ?2 AND reply IS NULL`,
        ),
        refusal === null
          ? statement(`DELETE FROM files WHERE id = ?1 AND status = 'uploading' AND ${isPending}`)
          : statement(
              `UPDATE files SET status = ?3, refusal = ?4
               WHERE id = ?1 AND status = 'uploading' AND ${isPending}`,
              refusal.status,
              JSON.stringify(refusal.reason),
            ),
        statement(`DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending'`),
      ])
    },

    async revoke({ organizationId, id }, reason, now) {
      const statement = (sql: string, ...more: unknown[]) => db.prepare(sql).bind(id, organizationId, ...more)
      await runBatch(db, 'uploads.revoke', [
        ...letGoOfContent(db, organizationId, id, now),
        statement('DELETE FROM metadata_terms WHERE file_id = ?1 AND organization_id = ?2'),
        statement('DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2'),
        statement(
          `DELETE FROM contents WHERE organization_id = ?2
             AND id = (SELECT content_id FROM files WHERE id = ?1 AND organization_id = ?2)`,
        ),
        statement(
          `UPDATE files SET status = 'error', refusal = ?3, content_id = NULL
           WHERE id = ?1 AND organization_id = ?2 AND content_id IS NOT NULL`,
          JSON.stringify(reason),
        ),
      ])
    },

    async listOverdue(now, limit) {
      const rows = await readRows<FileRow>(
        'uploads.listOverdue',
        db
          .prepare(
            `SELECT ${fileColumns} FROM uploads u JOIN files f ON f.id = u.file_id
             LEFT JOIN contents c ON c.id = f.content_id
             WHERE u.state = 'pending' AND u.expires_at <= ?1 ORDER BY u.expires_at LIMIT ?2`,
          )
          .bind(now, limit),
      )
      return rows.map(toFileRecord)
    },

    async forget(now, limit) {
      const results = await runBatch(db, 'uploads.forget', [
        db
          .prepare(
            `DELETE FROM uploads WHERE file_id IN (
               SELECT file_id FROM uploads WHERE state = 'settled' AND expires_at <= ?1 LIMIT ?2)`,
          )
          .bind(now - lateArrivalMs, limit),
        db
          .prepare(
            `DELETE FROM idempotency_records WHERE (organization_id, idempotency_key) IN (
               SELECT organization_id, idempotency_key FROM idempotency_records
               WHERE expires_at <= ?1 LIMIT ?2)`,
          )
          .bind(now, limit),
      ])
      const [uploads = 0, idempotencyRecords = 0] = results.map((result) => result.meta.changes)
      return { uploads, idempotencyRecords }
    },
  }
}

/** ?1 is the file, ?2 its organization. */
const isPending = `EXISTS (
  SELECT 1 FROM uploads WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending')`

/** The file just got its bytes in this batch. */
const isSettling = `EXISTS (
  SELECT 1 FROM uploads p JOIN files r ON r.id = p.file_id
  WHERE p.file_id = ?1 AND p.organization_id = ?2 AND p.state = 'pending' AND r.status = 'ready')`

function beginStatements(
  db: D1Database,
  { intent, claim, sha256, replyNow, now }: BeginUpload,
): D1PreparedStatement[] {
  const { file, upload } = intent
  const reserved = upload.byteSize ?? 0
  const insertFile = db
    .prepare(
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, status, created_at)
       SELECT ?1, ?2, ?3, ?4, ?5, 'uploading', ?6
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
    )
  // The rest follows only if the file was made.
  const insertUpload = db
    .prepare(
      `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_type, byte_size,
         reserved_bytes, expires_at)
       SELECT id, organization_id, ?2, 'pending', ?3, ?4, ?5, ?6, ?7 FROM files WHERE id = ?1`,
    )
    .bind(
      file.id,
      upload.method,
      upload.objectKey,
      upload.contentType,
      upload.byteSize,
      reserved,
      upload.expiresAt,
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
      `UPDATE uploads SET expires_at = max(expires_at, ?4)
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

/**
 * Gives the file the content at `objectKey`, or else the organization's content with that hash, and ends
 * the upload; nothing at all if there is neither. `beforeEnd` still sees the upload pending.
 */
function completion(
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

/** Completes the idempotency record of a file with the file as it is now, if it has come as far as `status`. */
function storeReply(
  db: D1Database,
  file: { id: FileId; organizationId: OrganizationId },
  status: FileRecord['status'],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE idempotency_records SET reply = (
         SELECT ${fileSnapshot} FROM files f ${fileJoins} WHERE f.id = ?1)
       WHERE subject_id = ?1 AND organization_id = ?2 AND reply IS NULL
         AND EXISTS (SELECT 1 FROM files WHERE id = ?1 AND status = ?3)`,
    )
    .bind(file.id, file.organizationId, status)
}

function parseFileReply(text: string): { file: FileRecord } {
  return { file: toFileRecord(JSON.parse(text) as FileRow) }
}

function fileOf(results: readonly D1Result<Record<string, unknown>>[]): FileRecord | null {
  const [row] = rowsOf<FileRow>(results, -1)
  return row ? toFileRecord(row) : null
}

type ContentRow = { id: string; byte_size: number; sha256: string | null; object_key: string; etag: string }

function toContent(row: ContentRow): Content {
  return {
    id: row.id as ContentId,
    byteSize: row.byte_size,
    sha256: row.sha256 as Sha256 | null,
    objectKey: row.object_key as ObjectKey,
    etag: row.etag,
  }
}
