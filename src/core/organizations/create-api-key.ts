import { fail } from '../errors'
import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey, replyOf } from '../idempotency/idempotency'
import type { OrganizationId } from '../ids'
import { type ApiKey, apiKeysMax } from './api-key'
import { secretByteLength } from './api-key-claims'
import { inOwnOrganization } from './own-organization'
import {
  defaultKeyScopes,
  type GrantHolder,
  type Member,
  type Principal,
  requireScope,
  type Scope,
  scopes,
} from './principal'

export type CreateApiKey = {
  name: string | null
  /** null: `defaultKeyScopes`, as far as the caller has them; all scopes for the first key that the root key makes. */
  scopes: readonly Scope[] | null
  /** Milliseconds since 1970 UTC; null: with the caller's own credential. */
  expiresAt: number | null
  /** Only the root key names one. */
  organizationId: OrganizationId | null
  idempotencyKey: IdempotencyKey | null
}

/** What a caller is told once, and again when it repeats the request with its idempotency key. */
export type CreatedApiKey = { key: ApiKey; token: string }

/**
 * Makes an API key and shows its token. Needs `org:admin`, or the root key with `organizationId`.
 * Where the organization has as many as it may, the oldest that does not work any more makes room.
 * Throws `missing_scope`, `scope_not_grantable`, `expiry_not_grantable`, `expiry_in_past`, `too_many_api_keys`,
 * `organization_unnamed`, `organization_not_found`,
 * `wrong_organization` when there is none where a token says, and what an idempotency key can throw.
 */
export async function createApiKey(
  gateway: Gateway,
  principal: Exclude<Principal, GrantHolder>,
  input: CreateApiKey,
): Promise<CreatedApiKey & { replayed: boolean }> {
  const now = gateway.now()
  const grant = await grantOf(gateway, principal, input)
  if (input.expiresAt !== null && input.expiresAt <= now) fail({ code: 'expiry_in_past' })
  const key: ApiKey = {
    id: gateway.randomBytes(8).toHex(),
    organizationId: grant.organizationId,
    name: input.name,
    scopes: grant.scopes,
    createdAt: now,
    expiresAt: grant.expiresAt,
    revokedAt: null,
    lastUsedAt: null,
  }
  const claim = await claimFor(
    input.idempotencyKey,
    'createApiKey',
    [grant.organizationId, input.name, input.scopes && [...input.scopes].sort(), input.expiresAt],
    now,
  )
  const { token, secretSha256 } = await gateway.apiKeyTokens.make(key, gateway.randomBytes(secretByteLength))
  const created = { key, token }
  const creation = gateway.apiKeys.create({
    key: { ...key, secretSha256 },
    claim,
    reply: claim && (await gateway.replySealer.seal(created)),
    apiKeysMax,
    now,
  })
  const record = await (principal.kind === 'root' ? creation : inOwnOrganization(creation))
  if (claim === null || record === null) return { ...created, replayed: false }
  const answer = replyOf(record, claim, now)
  // A streamed upload that died: the sweep frees its key.
  if (answer === 'stale') fail({ code: 'idempotency_in_progress', retryAfterSeconds: 1 })
  const replayed = await gateway.replySealer.open<CreatedApiKey>(answer.reply)
  // The caller's token may have been renewed since, with fewer scopes.
  if (principal.kind !== 'root') requireGrantable(principal, replayed.key)
  return { ...replayed, replayed: true }
}

/**
 * Throws unless `member` may make a key with these scopes and this expiry (null: never). A key must not be allowed more,
 * nor live longer, than the credential that makes it.
 */
function requireGrantable(member: Member, grant: Pick<ApiKey, 'scopes' | 'expiresAt'>): void {
  for (const scope of grant.scopes)
    if (!member.scopes.includes(scope)) fail({ code: 'scope_not_grantable', scope })
  const latest = member.expiresAt
  if (latest !== null && (grant.expiresAt === null || grant.expiresAt > latest))
    fail({ code: 'expiry_not_grantable', latest })
}

/** Organization, scopes and expiry of the new key: as asked for, or the defaults. */
async function grantOf(gateway: Gateway, principal: Principal, input: CreateApiKey) {
  if (principal.kind === 'root') {
    const { organizationId, expiresAt } = input
    if (organizationId === null) fail({ code: 'organization_unnamed' })
    return {
      organizationId,
      scopes: input.scopes ?? (await scopesByRoot(gateway, organizationId)),
      expiresAt,
    }
  }
  const member = requireScope(principal, 'org:admin')
  if (input.organizationId !== null && input.organizationId !== member.organizationId)
    fail({ code: 'organization_not_found', organizationId: input.organizationId })
  const granted = {
    scopes: input.scopes ?? defaultKeyScopes.filter((scope) => member.scopes.includes(scope)),
    expiresAt: input.expiresAt ?? member.expiresAt,
  }
  // A key without any scope could do nothing.
  if (granted.scopes.length === 0) fail({ code: 'scope_not_grantable', scope: defaultKeyScopes[0] })
  requireGrantable(member, granted)
  return { organizationId: member.organizationId, ...granted }
}

/** Scopes of a key that the root key makes without naming any: only an organization's first key can make other keys. */
async function scopesByRoot(gateway: Gateway, organizationId: OrganizationId): Promise<readonly Scope[]> {
  const keys = await gateway.apiKeys.list(organizationId, { offset: 0, limit: 1 })
  return keys?.total === 0 ? scopes : defaultKeyScopes
}
