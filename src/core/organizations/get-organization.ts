import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import type { Organization } from './organization'
import type { Principal } from './principal'

/**
 * The organization with its usage, for the root key or a credential of that organization. Throws
 * `organization_not_found` for every other caller, whether or not it exists.
 */
export async function getOrganization(
  gateway: Gateway,
  principal: Principal,
  id: OrganizationId,
): Promise<Organization> {
  const allowed = principal.kind === 'root' || principal.organizationId === id
  const organization = allowed ? await gateway.organizations.find(id) : null
  return organization ?? fail({ code: 'organization_not_found', organizationId: id })
}
