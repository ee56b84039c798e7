import { env } from 'cloudflare:workers'
import type { OrganizationId } from '../../src/core/ids'
import { secretByteLength } from '../../src/core/organizations/api-key-claims'
import { type ApiKeyClaims, createApiKeyTokens } from '../../src/core/organizations/api-key-token'
import { scopes } from '../../src/core/organizations/principal'

/** A token as the gateway makes them, of a key that need not be there, and its hash for the table `api_keys`. */
export function apiKeyToken(
  organization: string,
  claims: Partial<ApiKeyClaims> = {},
  signingSecret = env.SIGNING_SECRET,
): Promise<{ id: string; token: string; secretSha256: string }> {
  const id = claims.id ?? crypto.getRandomValues(new Uint8Array(8)).toHex()
  const secret = crypto.getRandomValues(new Uint8Array(secretByteLength))
  const organizationId = organization as OrganizationId
  const made = createApiKeyTokens([signingSecret]).make(
    { id, organizationId, scopes, expiresAt: null, ...claims },
    secret,
  )
  return made.then((key) => ({ id, ...key }))
}
