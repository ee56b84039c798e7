import type { ObjectKey } from '../core/ids'
import type { DeletionRepository } from '../core/ports/repositories'
import { readRows, runBatch } from './d1'

export function createDeletionRepository(db: D1Database): DeletionRepository {
  return {
    async takeDue(now, limit, nextDueAt) {
      const rows = await readRows<{ object_key: string }>(
        'deletions.takeDue',
        db
          .prepare(
            `UPDATE object_deletions SET due_at = ?3 WHERE object_key IN (
               SELECT object_key FROM object_deletions WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2)
             RETURNING object_key`,
          )
          .bind(now, limit, nextDueAt),
      )
      return rows.map((row) => row.object_key as ObjectKey)
    },

    async done(keys, now, nextDueAt) {
      const listed = JSON.stringify(keys)
      await runBatch(db, 'deletions.done', [
        db
          .prepare(
            `DELETE FROM object_deletions
             WHERE watch_until <= ?2 AND object_key IN (SELECT value FROM json_each(?1))`,
          )
          .bind(listed, now),
        db
          .prepare(
            `UPDATE object_deletions SET due_at = min(?2, watch_until)
             WHERE object_key IN (SELECT value FROM json_each(?1))`,
          )
          .bind(listed, nextDueAt),
      ])
    },
  }
}
