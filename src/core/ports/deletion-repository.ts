import type { ObjectKey } from '../ids'

/** What is to be deleted from the bucket. */
export type DueObject = {
  key: ObjectKey
  /**
   * Abort this multipart upload first. `edge`: the Worker made it; `multipart`: a client's. `id` null: the request
   * died before it could record the id; list the uploads of this key and abort all.
   */
  multipart: { method: 'edge' | 'multipart'; id: string | null } | null
}

/** The outbox of objects to delete. It lists no incoming keys: what is left there is found in the bucket. */
export interface DeletionRepository {
  /**
   * Up to `limit` objects that are due, oldest first, from the position `after` on (null: from the first); `next`
   * is where to go on. Writes nothing.
   */
  due(
    now: number,
    limit: number,
    after: string | null,
  ): Promise<{ objects: DueObject[]; next: string | null }>
  /**
   * Notes that the objects were deleted. They are forgotten; or they stay due while a URL can still put something
   * at their keys, and are due ever less often, after `soonestMs` at the soonest, while something may land late.
   */
  done(keys: readonly ObjectKey[], now: number, soonestMs: number): Promise<void>
  /** Has the objects wait until `dueAt`: they could not be deleted, and are not to hold up others. */
  postpone(keys: readonly ObjectKey[], dueAt: number): Promise<void>
}

/** Where a sweep goes on with a step that was too long for the one before. */
export interface SweepPositionRepository {
  /** By step; a step that is not there begins at its beginning. */
  all(): Promise<Map<string, string>>
  /** null: the next sweep begins at the beginning. */
  keep(step: string, position: string | null): Promise<void>
}
