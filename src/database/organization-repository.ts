import { fail, GatewayError } from '../core/errors'
import type { OrganizationId } from '../core/ids'
import type { Organization } from '../core/organizations/organization'
import type { OrganizationRepository } from '../core/ports/repositories'
import { readRow, runBatch } from './d1'
import { prepare, type Statement } from './statement'

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
  const select = (id: OrganizationId): Statement<Row> =>
    prepare(db, `SELECT ${columns} FROM organizations WHERE id = :id`, { id })
  const find = async (id: OrganizationId) => {
    const row = await readRow('organizations.find', select(id))
    return row && toOrganization(row)
  }

  return {
    find,
    async put({ id, name, quotaBytes, now }) {
      const {
        created,
        organization: [row],
      } = await runBatch(db, 'organizations.put', {
        created: prepare(
          db,
          `INSERT INTO organizations (id, name, quota_bytes, created_at) VALUES (:id, :name, :quotaBytes, :now)
           ON CONFLICT (id) DO NOTHING RETURNING id`,
          { id, name, quotaBytes, now },
        ),
        update: prepare(
          db,
          'UPDATE organizations SET name = :name, quota_bytes = :quotaBytes WHERE id = :id',
          { id, name, quotaBytes },
        ),
        organization: select(id),
      }).catch(async (error) => {
        if (!(error instanceof GatewayError) || error.failure.code !== 'quota_exceeded') throw error
        const { usedBytes = 0, reservedBytes = 0 } = (await find(id)) ?? {}
        return fail({ code: 'quota_below_usage', usedBytes, reservedBytes }, error)
      })
      if (!row) fail({ code: 'database_failed', operation: 'organizations.put' })
      return { organization: toOrganization(row), created: created.length > 0 }
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
