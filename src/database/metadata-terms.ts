import type { FileId, OrganizationId } from '../core/ids'

/** Statements about the metadata index, for the batches of the effects they belong to. */

/** Puts file `id` into the index, by the terms that were noted when it began, if `condition` holds. */
export function insertTerms(
  db: D1Database,
  organizationId: OrganizationId,
  id: FileId,
  condition: string,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO metadata_terms (term, file_id)
       SELECT t.value, f.id FROM files f CROSS JOIN json_each(f.terms) t
       WHERE f.id = ?1 AND f.organization_id = ?2 AND ${condition}`,
    )
    .bind(id, organizationId)
}

/** Takes file `id` out of the index. To come before the removal of its row, which says by which terms it is there. */
export function deleteTerms(db: D1Database, organizationId: OrganizationId, id: FileId): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM metadata_terms WHERE file_id = ?1 AND term IN (
         SELECT t.value FROM files f CROSS JOIN json_each(f.terms) t
         WHERE f.id = ?1 AND f.organization_id = ?2)`,
    )
    .bind(id, organizationId)
}
