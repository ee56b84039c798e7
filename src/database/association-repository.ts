import type { AssociationRepository } from '../core/ports/association-repository'
import { type AssociationRow, toAssociation, toAssociations } from './association-rows'
import { readRows, rowsOf, runBatch } from './d1'

/** One association of file ?1 of organization ?2. */
const columns = 'resource_type, resource_id, created_at'
const ofFile = 'file_id = ?1 AND organization_id = ?2'
const ofResource = `${ofFile} AND resource_type = ?3 AND resource_id = ?4`

export function createAssociationRepository(db: D1Database): AssociationRepository {
  return {
    async of(organizationId, fileId) {
      const rows = await readRows<AssociationRow>(
        'associations.of',
        db.prepare(`SELECT ${columns} FROM associations WHERE ${ofFile}`).bind(fileId, organizationId),
      )
      return toAssociations(rows)
    },

    async add(organizationId, fileId, { resource, createdAt }, max) {
      const statement = (sql: string, ...more: unknown[]) =>
        db.prepare(sql).bind(fileId, organizationId, ...more)
      const results = await runBatch(db, 'associations.add', [
        statement(
          `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
           SELECT organization_id, ?3, ?4, id, ?5 FROM files WHERE id = ?1 AND organization_id = ?2
             AND (SELECT count(*) FROM associations WHERE ${ofFile}) < ?6
           ON CONFLICT DO NOTHING`,
          resource.type,
          resource.id,
          createdAt,
          max,
        ),
        statement(`SELECT ${columns} FROM associations WHERE ${ofResource}`, resource.type, resource.id),
        statement('SELECT id FROM files WHERE id = ?1 AND organization_id = ?2'),
      ])
      const [row] = rowsOf<AssociationRow>(results, 1)
      if (row) return toAssociation(row)
      return rowsOf(results, 2).length === 0 ? 'no_file' : 'full'
    },

    async remove(organizationId, fileId, resource) {
      const statement = (sql: string, ...more: unknown[]) =>
        db.prepare(sql).bind(fileId, organizationId, ...more)
      const results = await runBatch(db, 'associations.remove', [
        statement(`DELETE FROM associations WHERE ${ofResource}`, resource.type, resource.id),
        statement('SELECT id FROM files WHERE id = ?1 AND organization_id = ?2'),
      ])
      return rowsOf(results, 1).length > 0
    },
  }
}
