import type { ObjectKey } from '../core/ids'
import type { DeletionRepository, DueObject } from '../core/ports/deletion-repository'
import { lateArrivalMs } from '../core/uploads/upload'
import { readRows, runRepeatableBatch } from './d1'

export type DueRow = {
  object_key: string
  multipart_id: string | null
  multipart_method: 'edge' | 'multipart' | null
}

export const dueColumns = 'object_key, multipart_id, multipart_method'

export function createDeletionRepository(db: D1Database): DeletionRepository {
  return {
    async due(now, limit, after) {
      const [dueAt, key] = parsePosition(after)
      const rows = await readRows<DueRow & { due_at: number }>(
        'deletions.due',
        db
          .prepare(
            `SELECT ${dueColumns}, due_at FROM object_deletions
             WHERE due_at <= ?1 AND (due_at, object_key) > (?2, ?3) ORDER BY due_at, object_key LIMIT ?4`,
          )
          .bind(now, dueAt, key, limit),
      )
      const last = rows.at(-1)
      return {
        objects: rows.map(toDueObject),
        next: last === undefined ? after : `${last.due_at}/${last.object_key}`,
      }
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
        // While a URL can still be used the key stays due. What may land after that is looked for ever less often:
        // half of the time that is left from one look to the next. D1 binds numbers as REAL, of which no half can be
        // stored. A multipart upload is aborted each time: it may have been begun, or got a part, after the last
        // look; its URLs are dead until then.
        db
          .prepare(
            `UPDATE object_deletions
             SET due_at = min(watch_until, max(?2 + ?3, CAST((?2 + watch_until) / 2 AS INTEGER)))
             WHERE object_key IN (SELECT value FROM json_each(?1))
               AND (multipart_method IS NOT NULL OR watch_until - ?4 <= ?2)`,
          )
          .bind(listed, now, soonestMs, lateArrivalMs),
      ])
    },

    async postpone(keys, dueAt) {
      await runRepeatableBatch(db, 'deletions.postpone', [
        db
          .prepare(
            `UPDATE object_deletions SET due_at = ?2
             WHERE due_at < ?2 AND object_key IN (SELECT value FROM json_each(?1))`,
          )
          .bind(JSON.stringify(keys), dueAt),
      ])
    },
  }
}

/** `{due_at}/{object key}`, as `due` gives it. */
function parsePosition(position: string | null): [dueAt: number, key: string] {
  if (position === null) return [Number.MIN_SAFE_INTEGER, '']
  const slash = position.indexOf('/')
  return [Number(position.slice(0, slash)), position.slice(slash + 1)]
}

export function toDueObject(row: DueRow): DueObject {
  const { object_key, multipart_id: id, multipart_method: method } = row
  const key = object_key as ObjectKey
  return { key, multipart: method && { method, id } }
}
