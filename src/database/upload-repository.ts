import type { Content } from '../core/contents/content'
import { fail } from '../core/errors'
import type { FileRecord } from '../core/files/file-record'
import type { ContentId, ObjectKey, Sha256 } from '../core/ids'
import type { UploadRepository } from '../core/ports/upload-repository'
import { promotionMaxMs } from '../core/uploads/upload'
import { beginUploadStatements } from './begin-upload-statements'
import { readRows, rowsOf, runRepeatableBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import { type DueRow, toDueObject } from './deletion-repository'
import { selectFile } from './file-repository'
import { type FileRow, parseFileReply, toFileRecord } from './file-rows'
import { type IdempotencyRow, storeReply, toIdempotencyRecord } from './idempotency-records'
import { deleteLastContent, letGoOfContent } from './let-go-of-content'
import { letGoOfUploads } from './let-go-of-upload'
import { deleteTerms } from './metadata-terms'
import { adoptStatements, settleStatements } from './settle-upload-statements'
import { type KeyRow, keysOf, uploadLookups } from './upload-lookups'

/**
 * Every transition is guarded by the upload's row being `pending`. The statement that ends the upload
 * comes last in its batch, so that all statements before it see the same guard; whoever's batch runs
 * first decides, and a batch that is run twice changes nothing the second time.
 */
export function createUploadRepository(db: D1Database): UploadRepository {
  return {
    async begin(input) {
      const { intent, claim } = input
      const statements = beginUploadStatements(db, input)
      const results = await runRepeatableBatch(db, 'uploads.begin', statements).catch(
        orOrganizationNotFound(intent.file.organizationId),
      )
      if (claim !== null) {
        const [row] = rowsOf<IdempotencyRow>(results, -2)
        if (!row) fail({ code: 'database_failed', operation: 'uploads.begin' })
        if (row.subject_id !== intent.file.id)
          return {
            outcome: 'claimed',
            record: toIdempotencyRecord(row, parseFileReply),
            uploadExpiresAt: row.upload_expires_at,
            subjectStatus: row.subject_status,
          }
      }
      const [content] = rowsOf<ContentRow>(results, -1)
      return { outcome: 'begun', known: content ? toContent(content) : null }
    },

    async noteMultipart(file, multipartId) {
      const results = await runRepeatableBatch(db, 'uploads.noteMultipart', [
        db
          .prepare(
            `UPDATE uploads SET multipart_id = ?3, sweep_at = expires_at
             WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending' RETURNING file_id`,
          )
          .bind(file.id, file.organizationId, multipartId),
        storeReply(db, file, 'uploading'),
      ])
      return rowsOf(results, 0).length > 0
    },

    async choosePromotion({ organizationId, id }, etag, now) {
      const rows = await readRows(
        'uploads.choosePromotion',
        db
          .prepare(
            `UPDATE uploads SET promoting_etag = ?3, promoting_at = ?4
             WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending'
               AND (promoting_etag IS NULL OR promoting_etag = ?3 OR promoting_at <= ?5)
             RETURNING file_id`,
          )
          .bind(id, organizationId, etag, now, now - promotionMaxMs),
      )
      return rows.length > 0
    },

    async settle(intent, bytes, now) {
      const { file } = intent
      const results = await runRepeatableBatch(db, 'uploads.settle', [
        ...settleStatements(db, intent, bytes, now),
        selectFile(db, file.organizationId, file.id),
      ])
      return { file: fileOf(results), due: keysOf(rowsOf<KeyRow>(results, -2)) }
    },

    async adopt(intent, content) {
      const { file } = intent
      const results = await runRepeatableBatch(db, 'uploads.adopt', [
        ...adoptStatements(db, intent, content),
        selectFile(db, file.organizationId, file.id),
      ])
      return fileOf(results)
    },

    async abandon(fileIds, refusal, now) {
      const listed = JSON.stringify(fileIds)
      const statement = (sql: string, ...more: unknown[]) => db.prepare(sql).bind(listed, ...more)
      // Seen before any of them goes. CROSS: looked up one by one; otherwise SQLite reads all that is pending.
      const pending = `SELECT u.file_id FROM json_each(?1) j CROSS JOIN uploads u ON u.file_id = j.value
        WHERE u.state = 'pending'`
      const results = await runRepeatableBatch(db, 'uploads.abandon', [
        letGoOfUploads(db, null, fileIds, now),
        statement(`DELETE FROM idempotency_records WHERE reply IS NULL AND subject_id IN (${pending})`),
        refusal === null
          ? statement(`DELETE FROM files WHERE status = 'uploading' AND id IN (${pending})`)
          : statement(
              `UPDATE files SET status = ?2, refusal = ?3 WHERE status = 'uploading' AND id IN (${pending})`,
              refusal.status,
              JSON.stringify(refusal.reason),
            ),
        statement(`DELETE FROM uploads WHERE file_id IN (${pending})`),
      ])
      return rowsOf<DueRow>(results, 0).map(toDueObject)
    },

    async revoke({ organizationId, id }, reason, now) {
      const statement = (sql: string, ...more: unknown[]) => db.prepare(sql).bind(id, organizationId, ...more)
      const results = await runRepeatableBatch(db, 'uploads.revoke', [
        letGoOfContent(db, organizationId, id, now),
        deleteTerms(db, organizationId, id),
        statement('DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2'),
        deleteLastContent(db, organizationId, id),
        statement(
          `UPDATE files SET status = 'error', refusal = ?3, content_id = NULL
           WHERE id = ?1 AND organization_id = ?2 AND content_id IS NOT NULL`,
          JSON.stringify(reason),
        ),
      ])
      return rowsOf<DueRow>(results, 0).map(toDueObject)
    },

    ...uploadLookups(db),
  }
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
