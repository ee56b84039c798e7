import type { FailureOf } from '../errors'
import type { Gateway } from '../gateway'
import type { GrantId, OrganizationId, Sha256 } from '../ids'

/** Why a credential is not accepted. */
export type RefusalReason = FailureOf<'unauthenticated'>['reason']

/**
 * A credential that is authentic, and of which the database has not been asked whether it was revoked. It is asked in the
 * first batch of the request's work, which has no effect if the credential is refused.
 */
export type Unverified = {
  subject:
    | { kind: 'api_key'; id: string; secretSha256: Sha256 }
    | { kind: 'grant'; id: GrantId; organizationId: OrganizationId }
  /** When the request came, in milliseconds since 1970 UTC. */
  usedAt: number
  /** It works. */
  accept(): void
  /** It is refused. Counts that, and returns what to throw: `unauthenticated` or `rate_limited`. */
  refuse(reason: RefusalReason): Promise<Error>
}

/** What a request with such a credential works with. */
export type GuardedGateway = {
  /** Throws `unauthenticated` or `rate_limited` from every method that reaches the database if that refuses the credential. */
  gateway: Gateway
  /**
   * Resolves when the database has accepted the credential, and asks it if nothing of the request's work did. No answer may go
   * out before. Throws the same, and `database_failed`.
   */
  confirm(): Promise<void>
}
