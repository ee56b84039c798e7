import type { ObjectKey } from '../../core/ids'
import type { UploadRepository } from '../../core/ports/upload-repository'
import { lateArrivalMs } from '../../core/uploads/upload'
import { readRows, runBatch, runRepeatableBatch } from '../d1'
import { toFileRecord } from '../file-records'
import { type FileRow, fileColumns, fileJoins } from '../file-rows'
import { prepare, type Statement } from '../statement'

/** What the sweep and the store's events ask of uploads of every organization. */
export function uploadLookups(
  db: D1Database,
): Pick<UploadRepository, 'findByObjectKeys' | 'awaitedKeys' | 'takeOverdue' | 'forget'> {
  return {
    async findByObjectKeys(keys) {
      const named = JSON.stringify(keys)
      const selectFiles: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM ${uploadsOfKeys} JOIN files f ON f.id = k.file_id ${fileJoins}`,
        { named },
      )
      const selectListed: Statement<KeyRow> = prepare(
        db,
        `SELECT d.object_key FROM json_each(:named) j
         CROSS JOIN object_deletions d ON d.object_key = json_extract(j.value, '$.key')`,
        { named },
      )
      const { files, listed } = await runRepeatableBatch(db, 'uploads.findByObjectKeys', {
        files: selectFiles,
        listed: selectListed,
      })
      return { files: files.map(toFileRecord), listed: keysOf(listed) }
    },

    async awaitedKeys(keys) {
      const select: Statement<KeyRow> = prepare(
        db,
        `SELECT k.object_key FROM ${uploadsOfKeys} WHERE k.state = 'pending'`,
        { named: JSON.stringify(keys) },
      )
      return keysOf(await readRows('uploads.awaitedKeys', select))
    },

    async takeOverdue(now, limit, nextSweepAt) {
      // In the index's own order: the same rows twice, and no more of them read.
      const overdue = "state = 'pending' AND sweep_at <= :now ORDER BY sweep_at, file_id LIMIT :limit"
      const select: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM (SELECT * FROM uploads WHERE ${overdue}) u
         JOIN files f ON f.id = u.file_id LEFT JOIN contents c ON c.id = f.content_id`,
        { now, limit },
      )
      const { files } = await runBatch(db, 'uploads.takeOverdue', {
        files: select,
        postpone: prepare(
          db,
          `UPDATE uploads SET sweep_at = :nextSweepAt
           WHERE file_id IN (SELECT file_id FROM uploads WHERE ${overdue})`,
          { now, limit, nextSweepAt },
        ),
      })
      return files.map(toFileRecord)
    },

    async forget(now, limit) {
      const { uploads, idempotencyRecords } = await runRepeatableBatch(db, 'uploads.forget', {
        uploads: prepare(
          db,
          `DELETE FROM uploads WHERE file_id IN (
             SELECT file_id FROM uploads WHERE state = 'settled' AND sweep_at <= :before LIMIT :limit)
           RETURNING 1`,
          { before: now - lateArrivalMs, limit },
        ),
        idempotencyRecords: prepare(
          db,
          `DELETE FROM idempotency_records WHERE (organization_id, idempotency_key) IN (
             SELECT organization_id, idempotency_key FROM idempotency_records
             WHERE expires_at <= :now LIMIT :limit)
           RETURNING 1`,
          { now, limit },
        ),
      })
      return { uploads: uploads.length, idempotencyRecords: idempotencyRecords.length }
    },
  }
}

export type KeyRow = { object_key: string }

export function keysOf(rows: readonly KeyRow[]): ObjectKey[] {
  return rows.map((row) => row.object_key as ObjectKey)
}

/**
 * The uploads `k` of object keys and the file ids that these say, `:named`. CROSS: looked up one by one, whatever SQLite
 * thinks of their number.
 */
const uploadsOfKeys = `json_each(:named) j CROSS JOIN uploads k
  ON k.file_id = json_extract(j.value, '$.fileId') AND k.object_key = json_extract(j.value, '$.key')`
