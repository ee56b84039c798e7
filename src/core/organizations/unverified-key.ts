import type { FailureOf } from '../errors'
import type { Gateway } from '../gateway'
import type { Sha256 } from '../ids'

/** Why a credential is not accepted. */
export type RefusalReason = FailureOf<'unauthenticated'>['reason']

/**
 * An API key whose claims are authentic, and of which the database has not been asked whether it was revoked. It is asked
 * in the first batch of the request's work, which has no effect if the key is refused.
 */
export type UnverifiedKey = {
  id: string
  secretSha256: Sha256
  /** When the request came, in milliseconds since 1970 UTC. */
  usedAt: number
  /** The database has the key, and it works. */
  accept(): void
  /** The database refuses the key. Counts that, and returns what to throw: `unauthenticated` or `rate_limited`. */
  refuse(reason: RefusalReason): Promise<Error>
}

/** What a request with an unverified key works with. */
export type GuardedGateway = {
  /** Throws `unauthenticated` or `rate_limited` from every method that reaches the database if that refuses the key. */
  gateway: Gateway
  /**
   * Resolves when the database has accepted the key, and asks it if nothing of the request's work did. No answer may go
   * out before. Throws the same, and `database_failed`.
   */
  confirm(): Promise<void>
}
