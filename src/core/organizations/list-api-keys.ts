import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import type { ApiKey } from './api-key'
import { type Principal, requireScope } from './principal'

/** `page` counts from 1. */
export type ListApiKeys = {
  /** Only the root key names one. */
  organizationId: OrganizationId | null
  page: number
  perPage: number
}

/**
 * A page of an organization's keys, newest first, revoked and expired ones too, and how many there are in
 * all. Needs `org:admin`, or the root key with `organizationId`. One database round trip.
 * Throws `missing_scope`, `organization_unnamed`, `organization_not_found`, `database_failed`.
 */
export async function listApiKeys(
  gateway: Gateway,
  principal: Principal,
  { organizationId, page, perPage }: ListApiKeys,
): Promise<{ keys: ApiKey[]; total: number }> {
  const id = organizationOf(principal, organizationId)
  const found = await gateway.apiKeys.list(id, { offset: (page - 1) * perPage, limit: perPage })
  return found ?? fail({ code: 'organization_not_found', organizationId: id })
}

function organizationOf(principal: Principal, named: OrganizationId | null): OrganizationId {
  if (principal.kind === 'root') return named ?? fail({ code: 'organization_unnamed' })
  const member = requireScope(principal, 'org:admin')
  // The same answer whether or not it exists.
  if (named !== null && named !== member.organizationId)
    fail({ code: 'organization_not_found', organizationId: named })
  return member.organizationId
}
