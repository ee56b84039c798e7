import { fail, GatewayError } from '../errors'
import type { Gateway } from '../gateway'
import { grantTokenPrefix } from '../grants/grant-token'
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
import type { Unverified } from './unverified'

/**
 * How long a verified key or token is trusted without asking the database or the identity provider's keys: a revocation
 * takes effect within this time.
 */
export const verifiedKeyTtlMs = 30_000
const verifiedKeysMax = 1000

/**
 * Keys and tokens this isolate has verified. By the credential itself: hashing it would be a twentieth of what a
 * request costs, and what can read the isolate's memory can read `SIGNING_SECRET`.
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
export type Authenticated = { principal: Principal; unverified: Unverified | null }

/**
 * Who holds `token`. No round trip to the database: an API key or a grant says itself what it allows, and whether it was
 * revoked is asked with the request's work, unless this isolate verified it within the last 30 s. One that this isolate refused
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
    if (token.startsWith(grantTokenPrefix)) return await readGrant(gateway, credentials, presented)
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

/** Forgets that this isolate has verified the API key or grant `id`: its next use asks the database. */
export function forgetVerified({ verified }: Credentials, id: string): void {
  for (const [token, { principal }] of verified) if (idOf(principal) === id) verified.delete(token)
}

function idOf(principal: Principal): string | null {
  if (principal.kind === 'api_key') return principal.keyId
  return principal.kind === 'grant' ? principal.grant.id : null
}

type Presented = { token: string; tokenSha256: Sha256; attempt: Attempt; now: number }

/** The caller as an API key says, which the database may still refuse. */
async function readApiKey(
  gateway: Gateway,
  credentials: Credentials,
  presented: Presented,
): Promise<Authenticated> {
  const { token, tokenSha256, now } = presented
  requireUnrefused(credentials.refused, tokenSha256, now)
  const claims = await gateway.apiKeyTokens.read(token)
  if (claims === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  const { id, secretSha256, organizationId, scopes, expiresAt } = claims
  const principal: Principal = { kind: 'api_key', organizationId, keyId: id, scopes, expiresAt }
  return unverifiedAs(credentials, presented, principal, { kind: 'api_key', id, secretSha256 })
}

/** The caller as a grant says, which may have been revoked. */
async function readGrant(
  gateway: Gateway,
  credentials: Credentials,
  presented: Presented,
): Promise<Authenticated> {
  requireUnrefused(credentials.refused, presented.tokenSha256, presented.now)
  const grant = await gateway.grantTokens.read(presented.token)
  if (grant === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  const { id, organizationId, expiresAt } = grant
  const principal: Principal = { kind: 'grant', organizationId, grant, expiresAt }
  return unverifiedAs(credentials, presented, principal, { kind: 'grant', id, organizationId })
}

function unverifiedAs(
  credentials: Credentials,
  { token, tokenSha256, attempt, now }: Presented,
  principal: Principal,
  subject: Unverified['subject'],
): Authenticated {
  const { refused } = credentials
  if (isExpired(principal, now)) fail({ code: 'unauthenticated', reason: 'expired' })
  const unverified: Unverified = {
    subject,
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
