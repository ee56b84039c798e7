import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { ApiKey } from './api-key'
import { type Credentials, forgetVerified } from './authenticate'
import { type Principal, requireScope } from './principal'

/**
 * Revokes a key: in this isolate at once, in others within `verifiedKeyTtlMs`. Repeating it changes nothing and returns
 * the same. Needs `org:admin` in the key's
 * organization, or the root key. One database round trip.
 * Throws `missing_scope`, `api_key_not_found`, `database_failed`.
 */
export async function revokeApiKey(
  gateway: Gateway,
  credentials: Credentials,
  principal: Principal,
  keyId: string,
): Promise<ApiKey> {
  const organizationId =
    principal.kind === 'root' ? null : requireScope(principal, 'org:admin').organizationId
  const key = await gateway.apiKeys.revoke(keyId, organizationId, gateway.now())
  if (key === null) fail({ code: 'api_key_not_found', keyId })
  forgetVerified(credentials, keyId)
  return key
}
