import { pieceName } from '../../core/append/ledger'
import type { ObjectKey } from '../../core/ids'
import type { UploadRepository } from '../../core/ports/upload-repository'
import { readRows, runBatch, runRepeatableBatch } from '../d1'
import { toFileRecord } from '../file-records'
import { type FileRow, fileColumns, fileJoins } from '../file-rows'
import { prepare, type Statement } from '../statement'

/** What the sweep and the store's events ask of uploads of every organization. */
export function uploadLookups(
  db: D1Database,
): Pick<UploadRepository, 'findByObjectKeys' | 'awaitedKeys' | 'takeOverdue'> {
  return {
    async findByObjectKeys(keys) {
      const named = JSON.stringify(keys)
      const selectFiles: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM (SELECT DISTINCT value ->> '$.file' AS file FROM json_each(:named)) j
         CROSS JOIN files f
           ON f.organization_id = j.file ->> 'organizationId' AND f.id = unhex(j.file ->> 'id', '-')
         ${fileJoins}`,
        { named },
      )
      const selectListed: Statement<KeyRow> = prepare(
        db,
        `SELECT d.object_key FROM json_each(:named) j
         CROSS JOIN object_deletions d ON d.object_key = j.value ->> 'key'`,
        { named },
      )
      const { files, listed } = await runRepeatableBatch(db, 'uploads.findByObjectKeys', {
        files: selectFiles,
        listed: selectListed,
      })
      return { files: files.map(toFileRecord), listed: keysOf(listed) }
    },

    async awaitedKeys(keys) {
      // CROSS: looked up one by one, whatever SQLite thinks of their number.
      const select: Statement<KeyRow> = prepare(
        db,
        `SELECT j.value ->> 'key' AS object_key FROM json_each(:named) j CROSS JOIN uploads u
           ON u.organization_id = j.value ->> '$.file.organizationId' AND u.file_id = unhex(j.value ->> '$.file.id', '-')
         WHERE u.object_key = j.value ->> 'key'
           OR (u.method = 'append' AND (
             j.value ->> 'to' > u.received_bytes
             OR EXISTS (SELECT 1 FROM json_each(u.pieces) p WHERE p.value = j.value ->> 'piece')))`,
        {
          named: JSON.stringify(
            keys.map(({ key, file, piece }) => ({
              key,
              file,
              ...(piece && { to: piece.to, piece: pieceName(piece) }),
            })),
          ),
        },
      )
      return keysOf(await readRows('uploads.awaitedKeys', select))
    },

    async takeOverdue(now, limit, nextSweepAt) {
      // In the index's own order: the same rows twice, and no more of them read.
      const overdue = 'sweep_at <= :now ORDER BY sweep_at, organization_id, file_id LIMIT :limit'
      const select: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM (SELECT * FROM uploads WHERE ${overdue}) u
         JOIN files f ON f.organization_id = u.organization_id AND f.id = u.file_id
         LEFT JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id`,
        { now, limit },
      )
      const { files } = await runBatch(db, 'uploads.takeOverdue', {
        files: select,
        postpone: prepare(
          db,
          `UPDATE uploads SET sweep_at = :nextSweepAt
           WHERE (organization_id, file_id) IN (SELECT organization_id, file_id FROM uploads WHERE ${overdue})`,
          { now, limit, nextSweepAt },
        ),
      })
      return files.map(toFileRecord)
    },
  }
}

export type KeyRow = { object_key: string }

export function keysOf(rows: readonly KeyRow[]): ObjectKey[] {
  return rows.map((row) => row.object_key as ObjectKey)
}
