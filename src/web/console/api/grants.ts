import type { Member } from '../session/session'
import { call } from './call'

/** What a grant allows. */
export type GrantTerms = {
  maxBytes: number
  maxFiles: number
  contentTypes: string[]
  metadata: Record<string, unknown>
  origins: string[]
}
type Shown = { id: string; expiresAt: string | null } & {
  [Name in keyof GrantTerms]: GrantTerms[Name] | null
}

/** A grant that was used or revoked. The gateway does not know the terms of one that was revoked before it was used. */
export type Grant = Shown & {
  filesUsed: number
  bytesUsed: number
  revokedAt: string | null
}
/** Its `url` is the permission itself: no later answer has it. */
export type NewGrant = Shown & { url: string; expiresAt: string }

export type Grants = { grants: Grant[]; hasMore: boolean; nextCursor: string | null }

/** The grants that were used or revoked, newest first. */
export function listGrants({ key }: Member, cursor: string | null): Promise<Grants> {
  const query = new URLSearchParams({ limit: '50' })
  if (cursor !== null) query.set('cursor', cursor)
  return call(key, 'GET', `/v1/grants?${query}`)
}

/** `expiresIn` in seconds. */
export function createGrant(
  { key }: Member,
  terms: Pick<GrantTerms, 'maxBytes'> & Partial<GrantTerms> & { expiresIn: number },
): Promise<NewGrant> {
  return call(key, 'POST', '/v1/grants', terms)
}

export function revokeGrant({ key }: Member, id: string): Promise<void> {
  return call(key, 'DELETE', `/v1/grants/${id}`)
}
