import type { ObjectKey } from '../core/ids'
import type { UploadRepository } from '../core/ports/upload-repository'
import { lateArrivalMs } from '../core/uploads/upload'
import { readRows, rowsOf, runBatch, runRepeatableBatch } from './d1'
import { type FileRow, fileColumns, fileJoins, toFileRecord } from './file-rows'

/** What the sweep and the store's events ask of uploads of every organization. */
export function uploadLookups(
  db: D1Database,
): Pick<UploadRepository, 'findByObjectKeys' | 'awaitedKeys' | 'takeOverdue' | 'forget'> {
  return {
    async findByObjectKeys(named) {
      const listed = JSON.stringify(named)
      const results = await runRepeatableBatch(db, 'uploads.findByObjectKeys', [
        db
          .prepare(
            `SELECT ${fileColumns} FROM ${uploadsOfKeys} JOIN files f ON f.id = k.file_id ${fileJoins}`,
          )
          .bind(listed),
        db
          .prepare(
            `SELECT d.object_key FROM json_each(?1) j
             CROSS JOIN object_deletions d ON d.object_key = json_extract(j.value, '$.key')`,
          )
          .bind(listed),
      ])
      return {
        files: rowsOf<FileRow>(results, 0).map(toFileRecord),
        listed: keysOf(rowsOf<KeyRow>(results, 1)),
      }
    },

    async awaitedKeys(named) {
      const rows = await readRows<KeyRow>(
        'uploads.awaitedKeys',
        db
          .prepare(`SELECT k.object_key FROM ${uploadsOfKeys} WHERE k.state = 'pending'`)
          .bind(JSON.stringify(named)),
      )
      return keysOf(rows)
    },

    async takeOverdue(now, limit, nextSweepAt) {
      // In the index's own order: the same rows twice, and no more of them read.
      const overdue = `state = 'pending' AND sweep_at <= ?1 ORDER BY sweep_at, file_id LIMIT ?2`
      const results = await runBatch(db, 'uploads.takeOverdue', [
        db
          .prepare(
            `SELECT ${fileColumns} FROM (SELECT * FROM uploads WHERE ${overdue}) u
             JOIN files f ON f.id = u.file_id LEFT JOIN contents c ON c.id = f.content_id`,
          )
          .bind(now, limit),
        db
          .prepare(
            `UPDATE uploads SET sweep_at = ?3
             WHERE file_id IN (SELECT file_id FROM uploads WHERE ${overdue})`,
          )
          .bind(now, limit, nextSweepAt),
      ])
      return rowsOf<FileRow>(results, 0).map(toFileRecord)
    },

    async forget(now, limit) {
      const results = await runRepeatableBatch(db, 'uploads.forget', [
        db
          .prepare(
            `DELETE FROM uploads WHERE file_id IN (
               SELECT file_id FROM uploads WHERE state = 'settled' AND sweep_at <= ?1 LIMIT ?2)`,
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

export type KeyRow = { object_key: string }

export function keysOf(rows: readonly KeyRow[]): ObjectKey[] {
  return rows.map((row) => row.object_key as ObjectKey)
}

/**
 * The uploads `k` of object keys and the file ids that these say, ?1. CROSS: looked up one by one, whatever SQLite
 * thinks of their number.
 */
const uploadsOfKeys = `json_each(?1) j CROSS JOIN uploads k
  ON k.file_id = json_extract(j.value, '$.fileId') AND k.object_key = json_extract(j.value, '$.key')`
