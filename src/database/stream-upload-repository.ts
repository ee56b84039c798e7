import type { ObjectKey } from '../core/ids'
import type { StreamUploadRepository } from '../core/ports/repositories'
import { readRows, rowsOf, runBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import { selectFile } from './file-repository'
import { type FileRow, parseFileReply, toFileRecord } from './file-rows'
import { type IdempotencyRow, toIdempotencyRecord } from './idempotency-records'
import { beginStreamStatements, settleStreamStatements } from './stream-upload-statements'

export function createStreamUploadRepository(db: D1Database): StreamUploadRepository {
  return {
    async begin(intent, idempotencyKey, now) {
      const statements = beginStreamStatements(db, intent, idempotencyKey, now)
      const results = await runBatch(db, 'streamUploads.begin', statements).catch(
        orOrganizationNotFound(intent.file.organizationId),
      )
      const [row] = rowsOf<IdempotencyRow>(results, -1)
      return row ? toIdempotencyRecord(row, parseFileReply) : null
    },

    async noteMultipart({ organizationId, fileId }, multipartId) {
      await readRows(
        'streamUploads.noteMultipart',
        db
          .prepare(
            `UPDATE uploads SET multipart_id = ?3
             WHERE file_id = ?1 AND organization_id = ?2 AND state = 'pending'`,
          )
          .bind(fileId, organizationId, multipartId),
      )
    },

    async settle(upload, claim, now) {
      const { file } = upload.intent
      const results = await runBatch(db, 'streamUploads.settle', [
        ...settleStreamStatements(db, upload, claim, now),
        selectFile(db, file.organizationId, file.id),
      ])
      const [settled] = rowsOf<FileRow>(results, -1)
      const [holder] = claim === null ? [] : rowsOf<IdempotencyRow>(results, -2)
      const dropped = rowsOf<{ object_key: string }>(results, claim === null ? -2 : -3)
      return {
        file: settled ? toFileRecord(settled) : null,
        holder: holder && holder.subject_id !== file.id ? toIdempotencyRecord(holder, parseFileReply) : null,
        due: dropped.map((row) => row.object_key as ObjectKey),
      }
    },
  }
}
