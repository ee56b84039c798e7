import type { Content } from '../../core/contents/content'
import { fail } from '../../core/errors'
import type { FileRecord } from '../../core/files/file-record'
import type { ObjectKey, Sha256 } from '../../core/ids'
import type { UploadRepository } from '../../core/ports/upload-repository'
import { promotionMaxMs } from '../../core/uploads/upload'
import { readRows, runRepeatableBatch } from '../d1'
import { orOrganizationNotFound } from '../d1-errors'
import { parseFileReply, toFileRecord } from '../file-records'
import { type FileRow, isOfFile } from '../file-rows'
import { storeReply, toIdempotencyRecord } from '../idempotency-records'
import { toDueObject } from '../object-deletions'
import { prepare } from '../statement'
import { beginSteps, type ContentRow } from './begin'
import { abandonSteps, revokeSteps } from './end'
import { keysOf, uploadLookups } from './lookups'
import { adoptSteps, settleSteps } from './settle'

/** The life of files, as core/uploads/lifecycle.ts tells it: each of these batches may be run twice. */
export function createUploadRepository(db: D1Database): UploadRepository {
  return {
    async begin(input) {
      const { file } = input.intent
      const { holder, known } = await runRepeatableBatch(db, 'uploads.begin', beginSteps(db, input)).catch(
        orOrganizationNotFound(file.organizationId),
      )
      if (input.claim !== null) {
        const [row] = holder
        if (!row) fail({ code: 'database_failed', operation: 'uploads.begin' })
        if (row.subject_id !== file.id)
          return {
            outcome: 'claimed',
            record: toIdempotencyRecord(row, parseFileReply),
            uploadExpiresAt: row.upload_expires_at,
            subjectStatus: row.subject_status,
          }
      }
      return { outcome: 'begun', known: known[0] ? toContent(known[0]) : null }
    },

    async noteMultipart({ id: fileId, organizationId }, multipartId) {
      const of = { fileId, organizationId }
      const { noted } = await runRepeatableBatch(db, 'uploads.noteMultipart', {
        noted: prepare(
          db,
          `UPDATE uploads SET multipart_id = :multipartId, sweep_at = expires_at
           WHERE ${isOfFile} RETURNING 1`,
          { ...of, multipartId },
        ),
        storeReply: storeReply(db, of, 'uploading'),
      })
      return noted.length > 0
    },

    async choosePromotion({ organizationId, id: fileId }, etag, now) {
      const choose = prepare(
        db,
        `UPDATE uploads SET promoting_etag = :etag, promoting_at = :now
         WHERE ${isOfFile} AND (promoting_etag IS NULL OR promoting_etag = :etag OR promoting_at <= :chosenBefore)
         RETURNING 1`,
        { fileId, organizationId, etag, now, chosenBefore: now - promotionMaxMs },
      )
      return (await readRows('uploads.choosePromotion', choose)).length > 0
    },

    async settle(intent, bytes, now, end) {
      const steps = settleSteps(db, intent, bytes, now, end)
      const { file, due } = await runRepeatableBatch(db, 'uploads.settle', steps)
      return { file: firstFile(file), due: keysOf(due) }
    },

    async adopt(intent, content) {
      const steps = adoptSteps(db, intent, content.sha256)
      const { file } = await runRepeatableBatch(db, 'uploads.adopt', steps)
      return firstFile(file)
    },

    async abandon(files, refusal, now) {
      const { due } = await runRepeatableBatch(db, 'uploads.abandon', abandonSteps(db, files, refusal, now))
      return due.map(toDueObject)
    },

    async revoke({ organizationId, id: fileId }, reason, now) {
      const steps = revokeSteps(db, { fileId, organizationId }, reason, now)
      const { due } = await runRepeatableBatch(db, 'uploads.revoke', steps)
      return due.map(toDueObject)
    },

    ...uploadLookups(db),
  }
}

function firstFile(rows: readonly FileRow[]): FileRecord | null {
  return rows[0] ? toFileRecord(rows[0]) : null
}

function toContent(row: ContentRow): Content {
  return {
    byteSize: row.byte_size,
    sha256: row.sha256 as Sha256 | null,
    objectKey: row.object_key as ObjectKey,
    etag: row.etag,
    sourceEtag: row.source_etag,
    watchUntil: row.watch_until,
  }
}
