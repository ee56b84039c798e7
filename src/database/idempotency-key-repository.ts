import type { IdempotencyKeys } from '../core/ports/idempotency-keys'
import { rowsOf, runRepeatableBatch } from './d1'
import { forgetExpired, type IdempotencyRow, selectClaimed, toIdempotencyRecord } from './idempotency-records'

export function createIdempotencyKeyRepository(db: D1Database): IdempotencyKeys {
  return {
    async take({ organizationId, requestId }, claim, now) {
      const results = await runRepeatableBatch(db, 'idempotencyKeys.take', [
        forgetExpired(db, organizationId, claim, now),
        db
          .prepare(
            `INSERT INTO idempotency_records
               (organization_id, idempotency_key, fingerprint, subject_id, reply, locked_until, expires_at)
             SELECT id, ?2, ?3, ?4, 'null', ?5, ?6 FROM organizations WHERE id = ?1
             ON CONFLICT (organization_id, idempotency_key) DO NOTHING`,
          )
          .bind(organizationId, claim.key, claim.fingerprint, requestId, claim.lockedUntil, claim.expiresAt),
        selectClaimed(db, organizationId, claim),
      ])
      const [row] = rowsOf<IdempotencyRow>(results, -1)
      return row ? toIdempotencyRecord(row, () => null) : null
    },

    async release({ organizationId, requestId }, claim) {
      await runRepeatableBatch(db, 'idempotencyKeys.release', [
        db
          .prepare(
            `DELETE FROM idempotency_records
             WHERE organization_id = ?1 AND idempotency_key = ?2 AND subject_id = ?3`,
          )
          .bind(organizationId, claim.key, requestId),
      ])
    },
  }
}
