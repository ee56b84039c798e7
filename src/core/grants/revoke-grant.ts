import type { Gateway } from '../gateway'
import type { GrantId, OrganizationId } from '../ids'
import { type Credentials, forgetVerified } from '../organizations/authenticate'
import { grantLifetimeSeconds, madeAt } from './grant'

/**
 * Ends a grant, whether or not it was used: in this isolate at once, in others within `verifiedKeyTtlMs`; no upload begins
 * under it from now on. What it began goes on. Repeating it changes nothing. One database round trip; none for an id whose
 * grant has expired for certain, or can have been made by no clock. Throws `wrong_organization`, `database_failed`.
 */
export async function revokeGrant(
  gateway: Gateway,
  credentials: Credentials,
  organizationId: OrganizationId,
  id: GrantId,
): Promise<void> {
  forgetVerified(credentials, id)
  const now = gateway.now()
  const lifetimeMs = grantLifetimeSeconds.max * 1000
  if (Math.abs(now - madeAt(id)) <= lifetimeMs) await gateway.grants.revoke(organizationId, id, now)
}
