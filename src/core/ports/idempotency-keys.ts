import type { IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { OrganizationId } from '../ids'

/** One request, which wants a key for itself. `requestId` is of no other one. */
export type KeyHolder = { organizationId: OrganizationId; requestId: string }

/** The idempotency keys of requests that are safe to repeat and store no reply. */
export interface IdempotencyKeys {
  /**
   * Takes the claim's key, unless another request has it. Returns the record that holds it; null when there is no
   * such organization.
   */
  take(holder: KeyHolder, claim: IdempotencyClaim, now: number): Promise<IdempotencyRecord<null> | null>
  /** Gives the key back, if this very request has taken it. */
  release(holder: KeyHolder, claim: IdempotencyClaim): Promise<void>
  /** Forgets up to `limit` records, of all kinds of requests, that are past their time, and says how many. */
  forget(now: number, limit: number): Promise<number>
}
