import type { DeletionRepository } from '../core/ports/deletion-repository'
import { lateArrivalMs } from '../core/uploads/upload'
import { readRows, runRepeatableBatch } from './d1'
import { type DueRow, dueColumns, toDueObject } from './object-deletions'
import { prepare, type Statement } from './statement'

const isListed = 'object_key IN (SELECT value FROM json_each(:keys))'

export function createDeletionRepository(db: D1Database): DeletionRepository {
  return {
    async due(now, limit, after) {
      const select: Statement<DueRow & { due_at: number }> = prepare(
        db,
        `SELECT ${dueColumns}, due_at FROM object_deletions
         WHERE due_at <= :now AND (due_at, object_key) > (:afterDueAt, :afterKey)
         ORDER BY due_at, object_key LIMIT :limit`,
        { now, limit, ...parsePosition(after) },
      )
      const rows = await readRows('deletions.due', select)
      const last = rows.at(-1)
      return {
        objects: rows.map(toDueObject),
        next: last === undefined ? after : `${last.due_at}/${last.object_key}`,
      }
    },

    async done(objectKeys, now, soonestMs) {
      const keys = JSON.stringify(objectKeys)
      await runRepeatableBatch(db, 'deletions.done', {
        forget: prepare(db, `DELETE FROM object_deletions WHERE watch_until <= :now AND ${isListed}`, {
          keys,
          now,
        }),
        // While a URL can still be used the key stays due. What may land after that is looked for ever less often:
        // half of the time that is left from one look to the next. D1 binds numbers as REAL, of which no half can be
        // stored. A multipart upload is aborted each time: it may have been begun, or got a part, after the last
        // look; its URLs are dead until then.
        watch: prepare(
          db,
          `UPDATE object_deletions
           SET due_at = min(watch_until, max(:now + :soonestMs, CAST((:now + watch_until) / 2 AS INTEGER)))
           WHERE ${isListed} AND (multipart_method IS NOT NULL OR watch_until - :lateArrivalMs <= :now)`,
          { keys, now, soonestMs, lateArrivalMs },
        ),
      })
    },

    async postpone(objectKeys, dueAt) {
      await runRepeatableBatch(db, 'deletions.postpone', {
        postpone: prepare(
          db,
          `UPDATE object_deletions SET due_at = :dueAt WHERE due_at < :dueAt AND ${isListed}`,
          { keys: JSON.stringify(objectKeys), dueAt },
        ),
      })
    },
  }
}

/** `{due_at}/{object key}`, as `due` gives it. */
function parsePosition(position: string | null): { afterDueAt: number; afterKey: string } {
  if (position === null) return { afterDueAt: Number.MIN_SAFE_INTEGER, afterKey: '' }
  const slash = position.indexOf('/')
  return { afterDueAt: Number(position.slice(0, slash)), afterKey: position.slice(slash + 1) }
}
