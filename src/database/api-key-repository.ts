import { fail } from '../core/errors'
import type { OrganizationId } from '../core/ids'
import type { ApiKey } from '../core/organizations/api-key'
import type { Scope } from '../core/organizations/principal'
import type { ApiKeyRepository } from '../core/ports/repositories'
import { runBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import { claimSteps, selectHolder, toIdempotencyRecord } from './idempotency-records'
import { prepare, type Statement } from './statement'

type Row = {
  id: string
  organization_id: string
  name: string | null
  scopes: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
}

const columns = 'id, organization_id, name, scopes, created_at, expires_at, revoked_at, last_used_at'

/** How many keys the organization has, whether they work or not. */
const keyCount = '(SELECT count(*) FROM api_keys WHERE organization_id = :organizationId)'

/** No key was asked for, or it is the one of this request. */
const isOwnClaim = `(:key IS NULL OR EXISTS (
  SELECT 1 FROM idempotency_records
  WHERE organization_id = :organizationId AND idempotency_key = :key AND subject_id = :id))` as const

export function createApiKeyRepository(db: D1Database): ApiKeyRepository {
  return {
    async list(organizationId, { offset, limit }) {
      const count: Statement<{ total: number }> = prepare(
        db,
        `SELECT ${keyCount} AS total FROM organizations WHERE id = :organizationId`,
        { organizationId },
      )
      const page: Statement<Row> = prepare(
        db,
        `SELECT ${columns} FROM api_keys WHERE organization_id = :organizationId
         ORDER BY created_at DESC, rowid DESC LIMIT :limit OFFSET :offset`,
        { organizationId, limit, offset },
      )
      const { organization, keys } = await runBatch(db, 'apiKeys.list', { organization: count, keys: page })
      return organization[0] ? { keys: keys.map(toApiKey), total: organization[0].total } : null
    },

    async revoke(id, organizationId, now) {
      const isMeant = 'id = :id AND (:organizationId IS NULL OR organization_id = :organizationId)'
      const select: Statement<Row> = prepare(db, `SELECT ${columns} FROM api_keys WHERE ${isMeant}`, {
        id,
        organizationId,
      })
      const { key } = await runBatch(db, 'apiKeys.revoke', {
        revoke: prepare(db, `UPDATE api_keys SET revoked_at = :now WHERE ${isMeant} AND revoked_at IS NULL`, {
          id,
          organizationId,
          now,
        }),
        key: select,
      })
      return key[0] ? toApiKey(key[0]) : null
    },

    async create({ key, claim, reply, apiKeysMax, now }) {
      const { id, organizationId } = key
      const own = { id, organizationId, key: claim?.key ?? null }
      const { inserted, holder } = await runBatch(db, 'apiKeys.create', {
        ...claimSteps(db, { organizationId, subjectId: id }, claim, reply && JSON.stringify(reply), now),
        makeRoom: prepare(
          db,
          `DELETE FROM api_keys WHERE id IN (
             SELECT id FROM api_keys
             WHERE organization_id = :organizationId AND (revoked_at IS NOT NULL OR expires_at <= :now)
               AND ${isOwnClaim}
             ORDER BY created_at, rowid LIMIT max(0, ${keyCount} - :apiKeysMax + 1))`,
          { ...own, now, apiKeysMax },
        ),
        inserted: prepare(
          db,
          `INSERT INTO api_keys (id, organization_id, name, secret_sha256, scopes, created_at, expires_at)
           SELECT :id, :organizationId, :name, :secretSha256, :scopes, :createdAt, :expiresAt
           WHERE ${isOwnClaim} AND ${keyCount} < :apiKeysMax RETURNING id`,
          {
            ...own,
            name: key.name,
            secretSha256: key.secretSha256,
            scopes: JSON.stringify(key.scopes),
            createdAt: key.createdAt,
            expiresAt: key.expiresAt,
            apiKeysMax,
          },
        ),
        // Where there was no room, no reply is kept of a key that was not made.
        unclaim:
          claim &&
          prepare(
            db,
            `DELETE FROM idempotency_records
             WHERE organization_id = :organizationId AND idempotency_key = :key AND subject_id = :id
               AND NOT EXISTS (SELECT 1 FROM api_keys WHERE id = :id)`,
            own,
          ),
        holder: selectHolder(db, organizationId, claim),
      }).catch(orOrganizationNotFound(organizationId))
      if (inserted.length > 0) return null
      if (!holder[0]) fail({ code: 'too_many_api_keys', max: apiKeysMax })
      return toIdempotencyRecord(holder[0], (sealed) => JSON.parse(sealed) as string)
    },
  }
}

function toApiKey(row: Row): ApiKey {
  return {
    id: row.id,
    organizationId: row.organization_id as OrganizationId,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}
