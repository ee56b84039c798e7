import type { Association, ResourceType } from '../core/associations/association'
import type { AssociationRepository } from '../core/ports/association-repository'
import { addAssociationStatements } from './add-association-statements'
import { readRows, rowsOf, runBatch } from './d1'
import { type FileRow, fileColumns, fileJoins, toFileRecord } from './file-rows'
import { type IdempotencyRow, toIdempotencyRecord } from './idempotency-records'

/** Greater than every file id. */
const afterEveryId = '~'

type AssociationRow = { resource_type: string; resource_id: string; created_at: number }

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

    async listFiles(organizationId, { status, resource }, { before, limit, withAssociations }) {
      const { from, where, values } = selectionOf(status, resource)
      const rows = await readRows<FileRow & { associations?: string }>(
        'associations.listFiles',
        db
          .prepare(
            `SELECT ${fileColumns} ${withAssociations ? `, ${associationsColumn}` : ''}
             FROM ${from} ${fileJoins} WHERE f.organization_id = ?1 AND ${where}
             ORDER BY ${resource === null ? 'f.id' : 'a.file_id'} DESC LIMIT ?3`,
          )
          .bind(organizationId, before ?? afterEveryId, limit, ...values),
      )
      return rows.map((row) => ({
        file: toFileRecord(row),
        associations:
          row.associations === undefined
            ? null
            : toAssociations(JSON.parse(row.associations) as AssociationRow[]),
      }))
    },
  }
}

const associationsColumn = `(
  SELECT json_group_array(json_object(
    'resource_type', x.resource_type, 'resource_id', x.resource_id, 'created_at', x.created_at))
  FROM associations x WHERE x.file_id = f.id AND x.organization_id = f.organization_id) AS associations`

/**
 * Each selection walks one index that ends in the file id, newest first, and stops at the limit. ?1 is the
 * organization, ?2 the file before whose making the page begins; `values` are bound from ?4 on.
 */
function selectionOf(
  status: string | null,
  resource: { type: ResourceType; id: string | null } | null,
): { from: string; where: string; values: string[] } {
  const values: string[] = []
  const bound = (value: string) => `?${values.push(value) + 3}`
  const hasStatus = status === null ? 'f.content_id IS NOT NULL' : `f.status = ${bound(status)}`
  if (resource === null) return { from: 'files f', where: `f.id < ?2 AND ${hasStatus}`, values }

  const type = bound(resource.type)
  const ofResource =
    resource.id === null
      ? // Each file once: by the first of its resources of that type.
        `NOT EXISTS (SELECT 1 FROM associations o WHERE o.organization_id = ?1 AND o.resource_type = ${type}
           AND o.file_id = a.file_id AND o.resource_id < a.resource_id)`
      : `a.resource_id = ${bound(resource.id)}`
  return {
    from: 'associations a CROSS JOIN files f ON f.id = a.file_id',
    where: `a.organization_id = ?1 AND a.resource_type = ${type} AND a.file_id < ?2
      AND ${ofResource} AND ${hasStatus}`,
    values,
  }
}

/** Oldest first. */
function toAssociations(rows: readonly AssociationRow[]): Association[] {
  const order = (a: Association, b: Association) =>
    a.createdAt - b.createdAt || (nameOf(a) < nameOf(b) ? -1 : 1)
  return rows.map(toAssociation).sort(order)
}

function nameOf({ resource }: Association): string {
  return `${resource.type}/${resource.id}`
}

function toAssociation(row: AssociationRow): Association {
  const { resource_type, resource_id, created_at } = row
  return { resource: { type: resource_type as ResourceType, id: resource_id }, createdAt: created_at }
}
