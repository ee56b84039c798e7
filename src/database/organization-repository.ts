import { fail, GatewayError } from '../core/errors'
import type { OrganizationId } from '../core/ids'
import type { Organization } from '../core/organizations/organization'
import type { OrganizationRepository } from '../core/ports/repositories'
import { readRow, rowsOf, runBatch } from './d1'

type Row = {
  id: string
  name: string
  quota_bytes: number | null
  used_bytes: number
  reserved_bytes: number
  pending_uploads: number
  created_at: number
}

const columns = 'id, name, quota_bytes, used_bytes, reserved_bytes, pending_uploads, created_at'

export function createOrganizationRepository(db: D1Database): OrganizationRepository {
  const select = (id: OrganizationId) =>
    db.prepare(`SELECT ${columns} FROM organizations WHERE id = ?1`).bind(id)
  const find = async (id: OrganizationId) => {
    const row = await readRow<Row>('organizations.find', select(id))
    return row && toOrganization(row)
  }

  return {
    find,
    async put({ id, name, quotaBytes, now }) {
      const insert = db
        .prepare(
          `INSERT INTO organizations (id, name, quota_bytes, created_at) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (id) DO NOTHING`,
        )
        .bind(id, name, quotaBytes, now)
      const update = db
        .prepare('UPDATE organizations SET name = ?2, quota_bytes = ?3 WHERE id = ?1')
        .bind(id, name, quotaBytes)
      const results = await runBatch(db, 'organizations.put', [insert, update, select(id)]).catch(
        async (error) => {
          if (!(error instanceof GatewayError) || error.failure.code !== 'quota_exceeded') throw error
          const { usedBytes = 0, reservedBytes = 0 } = (await find(id)) ?? {}
          return fail({ code: 'quota_below_usage', usedBytes, reservedBytes }, error)
        },
      )
      const [row] = rowsOf<Row>(results, 2)
      if (!row) fail({ code: 'database_failed', operation: 'organizations.put' })
      return { organization: toOrganization(row), created: results[0]?.meta.changes === 1 }
    },
  }
}

function toOrganization(row: Row): Organization {
  return {
    id: row.id as OrganizationId,
    name: row.name,
    quotaBytes: row.quota_bytes,
    usedBytes: row.used_bytes,
    reservedBytes: row.reserved_bytes,
    pendingUploads: row.pending_uploads,
    createdAt: row.created_at,
  }
}
