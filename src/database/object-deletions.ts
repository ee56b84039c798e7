import type { ObjectKey } from '../core/ids'
import type { DueObject } from '../core/ports/deletion-repository'

// SQL about the outbox of objects to delete, for the batches that let go of them.

export type DueRow = {
  object_key: string
  multipart_id: string | null
  multipart_method: 'edge' | 'multipart' | null
}

export const dueColumns = 'object_key, multipart_id, multipart_method'

/**
 * Lists what `select` names: a key, when it is due, until when it is watched, and the multipart upload to abort before
 * (its id, its method). Returns what was listed. A key that is listed already keeps what is known of it.
 */
export const listForDeletion = <const Select extends string>(select: Select) =>
  `INSERT INTO object_deletions (object_key, due_at, watch_until, multipart_id, multipart_method)
   ${select}
   ON CONFLICT (object_key) DO UPDATE SET
     due_at = excluded.due_at, watch_until = max(watch_until, excluded.watch_until),
     multipart_id = coalesce(excluded.multipart_id, multipart_id),
     multipart_method = coalesce(excluded.multipart_method, multipart_method)
   RETURNING ${dueColumns}` as const

export function toDueObject(row: DueRow): DueObject {
  const { object_key, multipart_id: id, multipart_method: method } = row
  const key = object_key as ObjectKey
  return { key, multipart: method && { method, id } }
}
