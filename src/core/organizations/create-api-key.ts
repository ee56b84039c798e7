import { fail, failField } from '../errors'
import type { Gateway } from '../gateway'
import { claimFor, replyOf } from '../idempotency/idempotency'
import type { OrganizationId } from '../ids'
import { sha256OfText } from '../ids'
import { type ApiKey, apiKeysMax, formatApiKey } from './api-key'
import { inOwnOrganization } from './own-organization'
import { type Principal, requireScope, type Scope, scopes } from './principal'

export type CreateApiKey = {
  name: string | null
  /** null: all that the caller may grant. */
  scopes: readonly Scope[] | null
  /** Milliseconds since 1970 UTC; null: never. */
  expiresAt: number | null
  /** Named by the root key only. */
  organizationId: OrganizationId | null
  idempotencyKey: string | null
}

/** What a caller is told once, and again when the request is repeated with its idempotency key. */
export type CreatedApiKey = { key: ApiKey; token: string }

/**
 * Makes an API key and shows its token. Needs `org:admin`, or the root key with `organizationId`.
 * Where the organization has as many as it may, the oldest that does not work any more makes room.
 * Throws `missing_scope`, `scope_not_grantable`, `expiry_not_grantable`, `too_many_api_keys`, `organization_not_found`,
 * `wrong_organization` when there is none where a token says, and what an idempotency key can throw.
 */
export async function createApiKey(
  gateway: Gateway,
  principal: Principal,
  input: CreateApiKey,
): Promise<CreatedApiKey & { replayed: boolean }> {
  const now = gateway.now()
  const grant = grantOf(principal, input)
  if (input.expiresAt !== null && input.expiresAt <= now)
    failField('expiration_date', 'must be in the future')
  const secret = gateway.randomBytes(32).toHex()
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
    [grant.organizationId, input.name, input.scopes, input.expiresAt],
    now,
  )
  const created = { key, token: formatApiKey(key.id, secret) }
  const creation = gateway.apiKeys.create({
    key: { ...key, secretSha256: await sha256OfText(secret) },
    claim,
    reply: claim && (await gateway.replySealer.seal(created)),
    apiKeysMax,
    now,
  })
  const record = await (principal.kind === 'root' ? creation : inOwnOrganization(creation))
  if (claim === null || record === null) return { ...created, replayed: false }
  const answer = replyOf(record, claim, now)
  if (answer === 'stale') fail({ code: 'internal' })
  return { ...(await gateway.replySealer.open<CreatedApiKey>(answer.reply)), replayed: true }
}

/** A key or token never makes a key that may do more, or live longer, than itself. */
function grantOf(principal: Principal, input: CreateApiKey) {
  if (principal.kind === 'root') {
    if (input.organizationId === null) failField('organization', 'is required with the root key')
    return {
      organizationId: input.organizationId,
      scopes: input.scopes ?? scopes,
      expiresAt: input.expiresAt,
    }
  }
  const member = requireScope(principal, 'org:admin')
  if (input.organizationId !== null && input.organizationId !== member.organizationId)
    fail({ code: 'organization_not_found', organizationId: input.organizationId })
  for (const scope of input.scopes ?? [])
    if (!member.scopes.includes(scope)) fail({ code: 'scope_not_grantable', scope })
  if (member.expiresAt !== null && input.expiresAt !== null && input.expiresAt > member.expiresAt)
    fail({ code: 'expiry_not_grantable', latest: member.expiresAt })
  return {
    organizationId: member.organizationId,
    scopes: input.scopes ?? member.scopes,
    expiresAt: input.expiresAt ?? member.expiresAt,
  }
}
