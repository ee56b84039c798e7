import { fail, GatewayError } from '../errors'
import type { Gateway } from '../gateway'
import { type Sha256, sha256OfText } from '../ids'
import type { TokenVerifier } from '../ports/token-verifier'
import type { Principal } from './principal'
import {
  type Attempt,
  countRefusal,
  type RefusedCredentials,
  rememberRefused,
  requireAllowed,
  requireUnrefused,
} from './refused-credentials'
import { type TokenReading, tokenPrincipalOf } from './token-principal'
import type { UnverifiedKey } from './unverified-key'

/**
 * How long a verified key or token is trusted without asking the database or the identity provider's keys: a revocation
 * takes effect within this time.
 */
export const verifiedKeyTtlMs = 30_000
const verifiedKeysMax = 1000

/**
 * Keys and tokens this isolate has verified. By the credential itself: hashing it would be a tenth of what a request
 * costs, and what can read the isolate's memory can read `SIGNING_SECRET`.
 */
export type VerifiedKeys = Map<string, { principal: Principal; until: number }>

export type Credentials = {
  /** SHA-256 of the root key. */
  rootKeySha256: string
  verified: VerifiedKeys
  refused: RefusedCredentials
  /** null: no identity provider is configured, so no tokens are accepted. */
  tokens: { verifier: TokenVerifier; reading: TokenReading } | null
}

/** Who holds a credential. `unverified`: what the database has to be asked before the caller is answered; null: nothing. */
export type Authenticated = { principal: Principal; unverified: UnverifiedKey | null }

/**
 * Who holds `token`. No round trip to the database: an API key says itself what it may do, and whether it was revoked is
 * asked with the request's work, unless this isolate verified it within the last 30 s. One that this isolate refused
 * within the last 10 s is refused again. A refused credential counts against the address of `attempt`: from an address
 * over its limit only the root key and credentials that this isolate has verified are accepted. Throws `unauthenticated`,
 * `wrong_organization` for a valid JWT that names no organization, `rate_limited`, `identity_provider_failed`.
 */
export async function authenticate(
  gateway: Gateway,
  credentials: Credentials,
  token: string | null,
  attempt: Attempt,
): Promise<Authenticated> {
  if (token === null) fail({ code: 'unauthenticated', reason: 'missing' })
  const now = gateway.now()
  const known = credentials.verified.get(token)
  if (known && known.until > now && !isExpired(known.principal, now)) return verified(known.principal)

  const tokenSha256 = await sha256OfText(token)
  if (equalDigests(tokenSha256, credentials.rootKeySha256)) return verified({ kind: 'root' })

  requireAllowed(credentials.refused, attempt, now)
  const presented = { token, tokenSha256, attempt, now }
  try {
    if (token.split('.').length !== 3) return await readApiKey(gateway, credentials, presented)
    const principal = await verifyJwt(credentials, token)
    rememberVerified(credentials, token, principal, now)
    return verified(principal)
  } catch (error) {
    if (isRefusal(error)) await countRefusal(credentials.refused, attempt, now)
    throw error
  }
}

function verified(principal: Principal): Authenticated {
  return { principal, unverified: null }
}

function rememberVerified({ verified }: Credentials, token: string, principal: Principal, now: number): void {
  if (verified.size >= verifiedKeysMax) verified.clear()
  verified.set(token, { principal, until: now + verifiedKeyTtlMs })
}

/** Whether the credential is wrong, rather than the database or the identity provider failing. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false
  return error.failure.code === 'unauthenticated' || error.failure.code === 'wrong_organization'
}

/** Forgets that this isolate has verified the key `keyId`: its next use asks the database. */
export function forgetVerified({ verified }: Credentials, keyId: string): void {
  for (const [token, { principal }] of verified)
    if (principal.kind === 'api_key' && principal.keyId === keyId) verified.delete(token)
}

/** The caller as an API key says, which the database may still refuse. */
async function readApiKey(
  gateway: Gateway,
  credentials: Credentials,
  { token, tokenSha256, attempt, now }: { token: string; tokenSha256: Sha256; attempt: Attempt; now: number },
): Promise<Authenticated> {
  const { refused } = credentials
  requireUnrefused(refused, tokenSha256, now)
  const claims = await gateway.apiKeyTokens.read(token)
  if (claims === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  const { id, secretSha256, organizationId, scopes, expiresAt } = claims
  const principal: Principal = { kind: 'api_key', organizationId, keyId: id, scopes, expiresAt }
  if (isExpired(principal, now)) fail({ code: 'unauthenticated', reason: 'expired' })
  const unverified: UnverifiedKey = {
    id,
    secretSha256,
    usedAt: now,
    accept: () => rememberVerified(credentials, token, principal, now),
    async refuse(reason) {
      rememberRefused(refused, tokenSha256, reason, now)
      try {
        await countRefusal(refused, attempt, now)
      } catch (tooMany) {
        return tooMany as Error
      }
      return new GatewayError({ code: 'unauthenticated', reason })
    },
  }
  return { principal, unverified }
}

async function verifyJwt({ tokens }: Credentials, token: string): Promise<Principal> {
  if (tokens === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  const verdict = await tokens.verifier.verify(token)
  if (verdict.outcome !== 'verified') fail({ code: 'unauthenticated', reason: verdict.outcome })
  const principal = tokenPrincipalOf(verdict.claims, tokens.reading)
  if (principal === 'no_subject') fail({ code: 'unauthenticated', reason: 'invalid' })
  if (principal === 'no_organization') fail({ code: 'wrong_organization' })
  return principal
}

function isExpired(principal: Principal, now: number): boolean {
  return principal.kind !== 'root' && principal.expiresAt !== null && principal.expiresAt <= now
}

/** Compares two digests in constant time, so that a guess learns nothing from how long a refusal takes. */
function equalDigests(one: string, other: string): boolean {
  const encoder = new TextEncoder()
  const [a, b] = [encoder.encode(one), encoder.encode(other)]
  return a.length === b.length && crypto.subtle.timingSafeEqual(a, b)
}
