import { fail } from '../errors'
import type { Gateway } from '../gateway'
import { sha256OfText } from '../ids'
import { parseApiKey, type StoredApiKey } from './api-key'
import type { Principal } from './principal'

/** How long a verified key is believed without asking the database: revocation works within this time. */
export const verifiedKeyTtlMs = 30_000
const verifiedKeysMax = 1000
const lastUseResolutionMs = 60 * 60 * 1000

/** Keys this isolate has verified, by the SHA-256 of the token. */
export type VerifiedKeys = Map<string, { principal: Principal; until: number }>

export type Credentials = {
  /** SHA-256 of the root key. */
  rootKeySha256: string
  verified: VerifiedKeys
}

/**
 * Who holds `token`. Costs one database round trip, none when this isolate verified the token within the
 * last 30 s. Throws `unauthenticated`.
 */
export async function authenticate(
  gateway: Gateway,
  credentials: Credentials,
  token: string | null,
): Promise<Principal> {
  if (token === null) fail({ code: 'unauthenticated', reason: 'missing' })
  const tokenSha256 = await sha256OfText(token)
  if (equalDigests(tokenSha256, credentials.rootKeySha256)) return { kind: 'root' }

  const now = gateway.now()
  const known = credentials.verified.get(tokenSha256)
  if (known && known.until > now && !isExpired(known.principal, now)) return known.principal

  const principal = await verifyApiKey(gateway, token, now)
  if (credentials.verified.size >= verifiedKeysMax) credentials.verified.clear()
  credentials.verified.set(tokenSha256, { principal, until: now + verifiedKeyTtlMs })
  return principal
}

/** Forgets that this isolate has verified the key `keyId`: its next use asks the database. */
export function forgetVerified({ verified }: Credentials, keyId: string): void {
  for (const [tokenSha256, { principal }] of verified)
    if (principal.kind === 'api_key' && principal.keyId === keyId) verified.delete(tokenSha256)
}

async function verifyApiKey(gateway: Gateway, token: string, now: number): Promise<Principal> {
  const parts = parseApiKey(token)
  if (parts === null) fail({ code: 'unauthenticated', reason: 'invalid' })
  const [key, secretSha256] = await Promise.all([gateway.apiKeys.find(parts.id), sha256OfText(parts.secret)])
  if (key === null || !equalDigests(secretSha256, key.secretSha256))
    fail({ code: 'unauthenticated', reason: 'invalid' })
  if (key.revokedAt !== null) fail({ code: 'unauthenticated', reason: 'revoked' })
  if (key.expiresAt !== null && key.expiresAt <= now) fail({ code: 'unauthenticated', reason: 'expired' })
  recordUse(gateway, key, now)
  return {
    kind: 'api_key',
    organizationId: key.organizationId,
    keyId: key.id,
    scopes: key.scopes,
    expiresAt: key.expiresAt,
  }
}

/** At most once an hour, and never in the way of the request. */
function recordUse(gateway: Gateway, key: StoredApiKey, now: number): void {
  if (key.lastUsedAt !== null && now - key.lastUsedAt < lastUseResolutionMs) return
  gateway.background(
    gateway.apiKeys.recordUse(key.id, now, now - lastUseResolutionMs).catch((cause) => {
      gateway.log({ event: 'api_key_use_not_recorded', keyId: key.id, cause })
    }),
  )
}

function isExpired(principal: Principal, now: number): boolean {
  return principal.kind === 'api_key' && principal.expiresAt !== null && principal.expiresAt <= now
}

/** Compares two digests in constant time, so that a guess learns nothing from how long a refusal takes. */
function equalDigests(one: string, other: string): boolean {
  const encoder = new TextEncoder()
  const [a, b] = [encoder.encode(one), encoder.encode(other)]
  return a.length === b.length && crypto.subtle.timingSafeEqual(a, b)
}
