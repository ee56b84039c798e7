import type { ObjectKey } from '../core/ids'
import type { StreamUploadRepository } from '../core/ports/upload-repository'
import { rowsOf, runRepeatableBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import { selectFile } from './file-repository'
import { type FileRow, parseFileReply, toFileRecord } from './file-rows'
import { type IdempotencyRow, toIdempotencyRecord } from './idempotency-records'
import { beginStreamStatements, settleStreamStatements } from './stream-upload-statements'

export function createStreamUploadRepository(db: D1Database): StreamUploadRepository {
  return {
    async begin(intent, options) {
      const statements = beginStreamStatements(db, intent, options)
      const results = await runRepeatableBatch(db, 'streamUploads.begin', statements).catch(
        orOrganizationNotFound(intent.file.organizationId),
      )
      const [row] = rowsOf<IdempotencyRow>(results, -1)
      return row ? toIdempotencyRecord(row, parseFileReply) : null
    },

    async settle(upload, claim, now) {
      const { file } = upload.intent
      const results = await runRepeatableBatch(db, 'streamUploads.settle', [
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
