import { fail, GatewayError } from '../errors'
import type { Gateway } from '../gateway'
import { sha256OfText } from '../ids'
import type { TokenVerifier } from '../ports/token-verifier'
import { parseApiKey, type StoredApiKey } from './api-key'
import type { Principal } from './principal'
import {
  type Attempt,
  countRefusal,
  type RefusedCredentials,
  refuseKey,
  requireAllowed,
  requireUnrefused,
} from './refused-credentials'
import { type TokenReading, tokenPrincipalOf } from './token-principal'

/**
 * How long a verified key or token is trusted without asking the database or the identity provider's keys: a revocation
 * takes effect within this time.
 */
export const verifiedKeyTtlMs = 30_000
const verifiedKeysMax = 1000
const lastUseResolutionMs = 60 * 60 * 1000

/** Keys and tokens this isolate has verified, by their SHA-256. */
export type VerifiedKeys = Map<string, { principal: Principal; until: number }>

export type Credentials = {
  /** SHA-256 of the root key. */
  rootKeySha256: string
  verified: VerifiedKeys
  refused: RefusedCredentials
  /** null: no identity provider is configured, so no tokens are accepted. */
  tokens: { verifier: TokenVerifier; reading: TokenReading } | null
}

/**
 * Who holds `token`. An API key costs one database round trip, none when this isolate verified it within the
 * last 30 s, or refused it within the last 10 s; a JWT costs none. A refused credential counts against the address of
 * `attempt`: from an address over its limit only the root key and credentials that this isolate has verified are
 * accepted. Throws `unauthenticated`, `wrong_organization` for a valid JWT that names no organization, `rate_limited`,
 * `identity_provider_failed`, `database_failed`.
 */
export async function authenticate(
  gateway: Gateway,
  credentials: Credentials,
  token: string | null,
  attempt: Attempt,
): Promise<Principal> {
  if (token === null) fail({ code: 'unauthenticated', reason: 'missing' })
  const tokenSha256 = await sha256OfText(token)
  if (equalDigests(tokenSha256, credentials.rootKeySha256)) return { kind: 'root' }

  const now = gateway.now()
  const known = credentials.verified.get(tokenSha256)
  if (known && known.until > now && !isExpired(known.principal, now)) return known.principal

  requireAllowed(credentials.refused, attempt, now)
  try {
    const isJwt = token.split('.').length === 3
    const principal = isJwt
      ? await verifyJwt(credentials, token)
      : await verifyApiKey(gateway, credentials, { token, tokenSha256 }, now)
    if (credentials.verified.size >= verifiedKeysMax) credentials.verified.clear()
    credentials.verified.set(tokenSha256, { principal, until: now + verifiedKeyTtlMs })
    return principal
  } catch (error) {
    if (isRefusal(error)) await countRefusal(credentials.refused, attempt, now)
    throw error
  }
}

/** Whether the credential is wrong, rather than the database or the identity provider failing. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false
  return error.failure.code === 'unauthenticated' || error.failure.code === 'wrong_organization'
}

/** Forgets that this isolate has verified the key `keyId`: its next use asks the database. */
export function forgetVerified({ verified }: Credentials, keyId: string): void {
  for (const [tokenSha256, { principal }] of verified)
    if (principal.kind === 'api_key' && principal.keyId === keyId) verified.delete(tokenSha256)
}

async function verifyApiKey(
  gateway: Gateway,
  { refused }: Credentials,
  { token, tokenSha256 }: { token: string; tokenSha256: string },
  now: number,
): Promise<Principal> {
  const parts = parseApiKey(token)
  if (parts === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  requireUnrefused(refused, [parts.id, tokenSha256], now)
  const [key, secretSha256] = await Promise.all([gateway.apiKeys.find(parts.id), sha256OfText(parts.secret)])
  if (key === null) refuseKey(refused, parts.id, 'invalid', now)
  if (!equalDigests(secretSha256, key.secretSha256)) refuseKey(refused, tokenSha256, 'invalid', now)
  if (key.revokedAt !== null) refuseKey(refused, tokenSha256, 'revoked', now)
  if (key.expiresAt !== null && key.expiresAt <= now) refuseKey(refused, tokenSha256, 'expired', now)
  recordUse(gateway, key, now)
  return {
    kind: 'api_key',
    organizationId: key.organizationId,
    keyId: key.id,
    scopes: key.scopes,
    expiresAt: key.expiresAt,
  }
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

/** Notes the key's use at most once an hour, without delaying the request. */
function recordUse(gateway: Gateway, key: StoredApiKey, now: number): void {
  if (key.lastUsedAt !== null && now - key.lastUsedAt < lastUseResolutionMs) return
  gateway.background(
    gateway.apiKeys.recordUse(key.id, now, now - lastUseResolutionMs).catch((cause) => {
      gateway.log({ event: 'api_key_use_not_recorded', keyId: key.id, cause })
    }),
  )
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
