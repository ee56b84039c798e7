import { fail } from '../core/errors'
import type { OrganizationId, Sha256 } from '../core/ids'
import type { ApiKey, StoredApiKey } from '../core/organizations/api-key'
import type { Scope } from '../core/organizations/principal'
import type { ApiKeyRepository } from '../core/ports/repositories'
import { readRow, rowsOf, runBatch } from './d1'
import { orOrganizationNotFound } from './d1-errors'
import {
  claimStatements,
  type IdempotencyRow,
  selectClaimed,
  toIdempotencyRecord,
} from './idempotency-records'

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

type StoredRow = Row & { secret_sha256: string }

const columns = 'id, organization_id, name, scopes, created_at, expires_at, revoked_at, last_used_at'

export function createApiKeyRepository(db: D1Database): ApiKeyRepository {
  return {
    async find(id) {
      const row = await readRow<StoredRow>(
        'apiKeys.find',
        db.prepare(`SELECT ${columns}, secret_sha256 FROM api_keys WHERE id = ?1`).bind(id),
      )
      return row && toStoredApiKey(row)
    },

    async list(organizationId, { offset, limit }) {
      const results = await runBatch(db, 'apiKeys.list', [
        db
          .prepare(
            `SELECT (SELECT count(*) FROM api_keys WHERE organization_id = ?1) AS total
             FROM organizations WHERE id = ?1`,
          )
          .bind(organizationId),
        db
          .prepare(
            `SELECT ${columns} FROM api_keys WHERE organization_id = ?1
             ORDER BY created_at DESC, rowid DESC LIMIT ?2 OFFSET ?3`,
          )
          .bind(organizationId, limit, offset),
      ])
      const [organization] = rowsOf<{ total: number }>(results, 0)
      return organization ? { keys: rowsOf<Row>(results, 1).map(toApiKey), total: organization.total } : null
    },

    async revoke(id, organizationId, now) {
      const results = await runBatch(db, 'apiKeys.revoke', [
        db
          .prepare(
            `UPDATE api_keys SET revoked_at = ?3
             WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2) AND revoked_at IS NULL`,
          )
          .bind(id, organizationId, now),
        db
          .prepare(`SELECT ${columns} FROM api_keys WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)`)
          .bind(id, organizationId),
      ])
      const [row] = rowsOf<Row>(results, 1)
      return row ? toApiKey(row) : null
    },

    async create({ key, claim, reply, apiKeysMax, now }) {
      const { id, organizationId } = key
      // With a claim the key is made only if this request holds the claim.
      const isOwnClaim = `(?3 IS NULL OR EXISTS (
        SELECT 1 FROM idempotency_records
        WHERE organization_id = ?2 AND idempotency_key = ?3 AND subject_id = ?1))`
      const statement = (sql: string, ...more: unknown[]) =>
        db.prepare(sql).bind(id, organizationId, claim?.key ?? null, ...more)
      const count = '(SELECT count(*) FROM api_keys WHERE organization_id = ?2)'
      const makeRoom = statement(
        `DELETE FROM api_keys WHERE id IN (
           SELECT id FROM api_keys
           WHERE organization_id = ?2 AND (revoked_at IS NOT NULL OR expires_at <= ?4) AND ${isOwnClaim}
           ORDER BY created_at, rowid LIMIT max(0, ${count} - ?5 + 1))`,
        now,
        apiKeysMax,
      )
      const insert = statement(
        `INSERT INTO api_keys (id, organization_id, name, secret_sha256, scopes, created_at, expires_at)
         SELECT ?1, ?2, ?4, ?5, ?6, ?7, ?8 WHERE ${isOwnClaim} AND ${count} < ?9 RETURNING id`,
        key.name,
        key.secretSha256,
        JSON.stringify(key.scopes),
        key.createdAt,
        key.expiresAt,
        apiKeysMax,
      )
      // Where there was no room, no reply is kept of a key that was not made.
      const unclaim = statement(
        `DELETE FROM idempotency_records
         WHERE organization_id = ?2 AND idempotency_key = ?3 AND subject_id = ?1
           AND NOT EXISTS (SELECT 1 FROM api_keys WHERE id = ?1)`,
      )
      const subject = { organizationId, subjectId: id }
      const before = claim ? claimStatements(db, subject, claim, reply && JSON.stringify(reply), now) : []
      const after = claim ? [unclaim, selectClaimed(db, organizationId, claim)] : []
      const results = await runBatch(db, 'apiKeys.create', [...before, makeRoom, insert, ...after]).catch(
        orOrganizationNotFound(organizationId),
      )
      if (rowsOf(results, before.length + 1).length > 0) return null
      const [row] = claim ? rowsOf<IdempotencyRow>(results, -1) : []
      if (!row) fail({ code: 'too_many_api_keys', max: apiKeysMax })
      return toIdempotencyRecord(row, (sealed) => JSON.parse(sealed) as string)
    },

    async recordUse(id, now, unlessAfter) {
      await runBatch(db, 'apiKeys.recordUse', [
        db
          .prepare(
            `UPDATE api_keys SET last_used_at = ?2
             WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)`,
          )
          .bind(id, now, unlessAfter),
      ])
    },
  }
}

function toStoredApiKey(row: StoredRow): StoredApiKey {
  return { ...toApiKey(row), secretSha256: row.secret_sha256 as Sha256 }
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
