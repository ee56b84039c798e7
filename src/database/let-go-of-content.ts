import type { FileId, OrganizationId } from '../core/ids'
import { dueColumns } from './deletion-repository'

/**
 * If no other file has the content of file `id`: lists its object for deletion, watched while something may
 * still land at its key, and returns it. To be followed, in the same batch, by the removal of the content row
 * and of the file's reference to it.
 */
export function letGoOfContent(
  db: D1Database,
  organizationId: OrganizationId,
  id: FileId,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO object_deletions (object_key, due_at, watch_until)
       SELECT c.object_key, ?3, max(?3, coalesce(c.watch_until, 0))
       FROM files f JOIN contents c ON c.id = f.content_id
       WHERE f.id = ?1 AND f.organization_id = ?2
         AND NOT EXISTS (SELECT 1 FROM files o WHERE o.content_id = f.content_id AND o.id <> f.id)
       ON CONFLICT (object_key) DO UPDATE SET
         due_at = excluded.due_at, watch_until = max(watch_until, excluded.watch_until)
       RETURNING ${dueColumns}`,
    )
    .bind(id, organizationId, now)
}

/** Removes the content of file `id` if no other file has it. */
export function deleteLastContent(
  db: D1Database,
  organizationId: OrganizationId,
  id: FileId,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM contents WHERE organization_id = ?2
         AND id = (SELECT content_id FROM files WHERE id = ?1 AND organization_id = ?2)
         AND NOT EXISTS (SELECT 1 FROM files WHERE content_id = contents.id AND id <> ?1)`,
    )
    .bind(id, organizationId)
}
