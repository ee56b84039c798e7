import type { ObjectKey } from '../core/ids'
import type { DeletionRepository, DueObject } from '../core/ports/repositories'
import { readRows, runRepeatableBatch } from './d1'

export type DueRow = {
  object_key: string
  multipart_id: string | null
  multipart_method: 'edge' | 'multipart' | null
}

export const dueColumns = 'object_key, multipart_id, multipart_method'

export function createDeletionRepository(db: D1Database): DeletionRepository {
  return {
    async takeDue(now, limit, nextDueAt) {
      const rows = await readRows<DueRow>(
        'deletions.takeDue',
        db
          .prepare(
            `UPDATE object_deletions SET due_at = ?3 WHERE object_key IN (
               SELECT object_key FROM object_deletions WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2)
             RETURNING ${dueColumns}`,
          )
          .bind(now, limit, nextDueAt),
      )
      return rows.map(toDueObject)
    },

    async done(keys, now, soonestMs) {
      const listed = JSON.stringify(keys)
      await runRepeatableBatch(db, 'deletions.done', [
        db
          .prepare(
            `DELETE FROM object_deletions
             WHERE watch_until <= ?2 AND object_key IN (SELECT value FROM json_each(?1))`,
          )
          .bind(listed, now),
        // What may land late is looked for ever less often: half of the time that is left from one look to the next.
        // D1 binds every number as REAL, so the half of an odd one would not fit the column.
        db
          .prepare(
            `UPDATE object_deletions SET multipart_id = NULL, multipart_method = NULL,
               due_at = min(watch_until, CAST(max(?2 + ?3, (?2 + watch_until) / 2) AS INTEGER))
             WHERE object_key IN (SELECT value FROM json_each(?1))`,
          )
          .bind(listed, now, soonestMs),
      ])
    },
  }
}

export function toDueObject(row: DueRow): DueObject {
  const { object_key, multipart_id: id, multipart_method: method } = row
  const key = object_key as ObjectKey
  if (method === 'multipart') return { key, multipart: { method, id } }
  // What the Worker sends itself is a multipart upload only from some size on.
  return { key, multipart: method === 'edge' && id !== null ? { method, id } : null }
}
