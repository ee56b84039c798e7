import type { IdempotencyKeys } from '../core/ports/idempotency-keys'
import { runRepeatableBatch } from './d1'
import { forgetExpired, selectHolder, takeKey, toIdempotencyRecord } from './idempotency-records'
import { prepare } from './statement'

export function createIdempotencyKeyRepository(db: D1Database): IdempotencyKeys {
  return {
    async take({ organizationId, requestId: subjectId }, claim, now) {
      const { holder } = await runRepeatableBatch(db, 'idempotencyKeys.take', {
        forgetExpired: forgetExpired(db, organizationId, claim, now),
        takeKey: prepare(db, takeKey("'null'", 'FROM organizations WHERE id = :organizationId'), {
          organizationId,
          subjectId,
          ...claim,
        }),
        holder: selectHolder(db, organizationId, claim),
      })
      return holder[0] ? toIdempotencyRecord(holder[0], () => null) : null
    },

    async release({ organizationId, requestId }, { key }) {
      await runRepeatableBatch(db, 'idempotencyKeys.release', {
        release: prepare(
          db,
          `DELETE FROM idempotency_records
           WHERE organization_id = :organizationId AND idempotency_key = :key AND subject_id = :requestId`,
          { organizationId, key, requestId },
        ),
      })
    },

    async forget(now, limit) {
      const { forgotten } = await runRepeatableBatch(db, 'idempotencyKeys.forget', {
        forgotten: prepare(
          db,
          `DELETE FROM idempotency_records WHERE (organization_id, idempotency_key) IN (
             SELECT organization_id, idempotency_key FROM idempotency_records
             WHERE expires_at <= :now LIMIT :limit)
           RETURNING 1`,
          { now, limit },
        ),
      })
      return forgotten.length
    },
  }
}
