import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { FileId, GrantId, OrganizationId } from '../ids'
import type { Grant, GrantUse } from './grant'

/**
 * A grant that was used or revoked, with the newest of its files, up to as many as a grant may have. One database round
 * trip. Throws `grant_not_found` also for one that was neither, `database_failed`.
 */
export async function getGrant(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: GrantId,
): Promise<GrantUse & { files: readonly FileId[] }> {
  const found = await gateway.grants.findWithFiles(organizationId, id)
  return found ?? fail({ code: 'grant_not_found', grantId: id })
}

/** The grant of `token`; null when it is none of this gateway's. Says nothing about expiry and revocation. */
export function readGrant(gateway: Gateway, token: string): Promise<Grant | null> {
  return gateway.grantTokens.read(token)
}

/** What has become of a grant that its holder asks about; null: it was not used yet. One database round trip. */
export function ownUse(gateway: Gateway, { organizationId, id }: Grant): Promise<GrantUse | null> {
  return gateway.grants.find(organizationId, id)
}

/** A page of the grants that were used or revoked, newest first, after grant `before`. One database round trip. */
export async function listGrants(
  gateway: Gateway,
  organizationId: OrganizationId,
  { before, limit }: { before: GrantId | null; limit: number },
): Promise<{ grants: GrantUse[]; next: GrantId | null }> {
  const found = await gateway.grants.list(organizationId, { before, limit: limit + 1 })
  const grants = found.slice(0, limit)
  return { grants, next: found.length > limit ? (grants.at(-1)?.id ?? null) : null }
}
