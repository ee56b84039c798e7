import type { FileId, OrganizationId } from '../core/ids'
import { lateArrivalMs } from '../core/uploads/upload'

/**
 * If no other file has the content of file `id`: lists its object for deletion and gives its bytes back.
 * To be followed, in the same batch, by the removal of the content row and of the file's reference to it.
 * While a presigned PUT could still write to the key, the key stays watched.
 */
export function letGoOfContent(
  db: D1Database,
  organizationId: OrganizationId,
  id: FileId,
  now: number,
): D1PreparedStatement[] {
  const last = `FROM files f JOIN contents c ON c.id = f.content_id
    WHERE f.id = ?1 AND f.organization_id = ?2
      AND NOT EXISTS (SELECT 1 FROM files o WHERE o.content_id = f.content_id AND o.id <> f.id)`
  return [
    db
      .prepare(
        `INSERT INTO object_deletions (object_key, due_at, watch_until)
         SELECT c.object_key, ?3, max(?3, coalesce(
           (SELECT expires_at + ?4 FROM uploads WHERE object_key = c.object_key AND file_id = f.id), 0),
           coalesce(c.writable_until + ?4, 0))
         ${last}
         ON CONFLICT (object_key) DO UPDATE SET
           due_at = excluded.due_at, watch_until = max(watch_until, excluded.watch_until)`,
      )
      .bind(id, organizationId, now, lateArrivalMs),
    db
      .prepare(
        `UPDATE organizations SET used_bytes = used_bytes - (SELECT c.byte_size ${last})
         WHERE id = ?2 AND EXISTS (SELECT 1 ${last})`,
      )
      .bind(id, organizationId),
  ]
}
