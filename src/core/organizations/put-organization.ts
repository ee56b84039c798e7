import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import type { Organization } from './organization'
import { type Principal, requireRoot } from './principal'

/**
 * Creates the organization or replaces its name and quota. Root key only.
 * Throws `quota_below_usage` when the quota is less than what is used and reserved.
 */
export async function putOrganization(
  gateway: Gateway,
  principal: Principal,
  input: { id: OrganizationId; name: string; quotaBytes: number | null },
): Promise<{ organization: Organization; created: boolean }> {
  requireRoot(principal)
  return gateway.organizations.put({ ...input, now: gateway.now() })
}
