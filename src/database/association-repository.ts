import type { AssociationRepository } from '../core/ports/association-repository'
import { addAssociationStatements } from './add-association-statements'
import { type AssociationRow, toAssociation, toAssociations } from './association-rows'
import { readRows, rowsOf, runBatch } from './d1'
import { type IdempotencyRow, toIdempotencyRecord } from './idempotency-records'

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

    async add(input) {
      const { claim } = input
      const results = await runBatch(db, 'associations.add', addAssociationStatements(db, input))
      const [row] = rowsOf<AssociationRow>(results, -2)
      const [holder] = claim === null ? [] : rowsOf<IdempotencyRow>(results, -3)
      const isOthers = holder !== undefined && holder.subject_id !== claim?.requestId
      return {
        hasFile: rowsOf(results, -1).length > 0,
        association: row ? toAssociation(row) : null,
        record: isOthers
          ? toIdempotencyRecord(holder, (text) => toAssociation(JSON.parse(text) as AssociationRow))
          : null,
      }
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
