import type { Grant, GrantUse } from '../core/grants/grant'
import { grantFilesMax } from '../core/grants/grant'
import type { FileId, GrantId, OrganizationId } from '../core/ids'
import { uuidOf } from '../core/ids'
import type { GrantRepository } from '../core/ports/grant-repository'
import { readRow, readRows, runRepeatableBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import { prepare, type Statement } from './statement'

type GrantRow = {
  id: string
  terms: string | null
  files_used: number
  bytes_used: number
  revoked_at: number | null
}

const columns = 'hex(id) AS id, terms, files_used, bytes_used, revoked_at'
const isGrant = "organization_id = :organizationId AND id = unhex(:grantId, '-')" as const

export function createGrantRepository(db: D1Database): GrantRepository {
  const select = (organizationId: OrganizationId, grantId: GrantId): Statement<GrantRow> =>
    prepare(db, `SELECT ${columns} FROM grants WHERE ${isGrant}`, { organizationId, grantId })

  return {
    async find(organizationId, grantId) {
      const row = await readRow('grants.find', select(organizationId, grantId))
      return row && toGrantUse(row)
    },

    async findWithFiles(organizationId, grantId) {
      const selectFiles: Statement<{ uuid: string }> = prepare(
        db,
        `SELECT uuid FROM files INDEXED BY files_by_grant
         WHERE organization_id = :organizationId AND grant_id = unhex(:grantId, '-')
         ORDER BY id DESC LIMIT ${grantFilesMax}`,
        { organizationId, grantId },
      )
      const { grant, files } = await runRepeatableBatch(db, 'grants.findWithFiles', {
        grant: select(organizationId, grantId),
        files: selectFiles,
      })
      return grant[0] ? { ...toGrantUse(grant[0]), files: files.map(({ uuid }) => uuid as FileId) } : null
    },

    async list(organizationId, { before, limit }) {
      const page: Statement<GrantRow> = prepare(
        db,
        `SELECT ${columns} FROM grants
         WHERE organization_id = :organizationId AND id < coalesce(unhex(:before, '-'), x'ff')
         ORDER BY id DESC LIMIT :limit`,
        { organizationId, before, limit },
      )
      return (await readRows('grants.list', page)).map(toGrantUse)
    },

    async revoke(organizationId, grantId, now) {
      const revoke = prepare(
        db,
        `INSERT INTO grants (organization_id, id, revoked_at) VALUES (:organizationId, unhex(:grantId, '-'), :now)
         ON CONFLICT (organization_id, id) DO UPDATE SET revoked_at = coalesce(revoked_at, excluded.revoked_at)`,
        { organizationId, grantId, now },
      )
      await runRepeatableBatch(db, 'grants.revoke', { revoke }).catch(orOrganizationNotFound(organizationId))
    },
  }
}

function toGrantUse(row: GrantRow): GrantUse {
  return {
    id: uuidOf(row.id.toLowerCase()) as GrantId,
    terms: row.terms === null ? null : (JSON.parse(row.terms) as Grant),
    filesUsed: row.files_used,
    bytesUsed: row.bytes_used,
    revokedAt: row.revoked_at,
  }
}
