import { fail } from '../errors'
import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey, replyOf } from '../idempotency/idempotency'
import type { GrantId, OrganizationId } from '../ids'
import { type Grant, madeAt } from './grant'

export type CreateGrant = Omit<Grant, 'id' | 'expiresAt'> & {
  expiresInSeconds: number
  idempotencyKey: IdempotencyKey | null
}

export type CreatedGrant = { grant: Grant; token: string; replayed: boolean }

/**
 * Makes a grant. Nothing is written, and the database is not asked, unless there is an idempotency key: what is kept of
 * that is the grant's id, of which a repeated request makes the same token. The caller has
 * kept its terms within `grantTermsMaxBytes`. Throws `wrong_organization`, and what an idempotency key can throw.
 */
export async function createGrant(gateway: Gateway, input: CreateGrant): Promise<CreatedGrant> {
  const { expiresInSeconds, idempotencyKey, ...terms } = input
  const { organizationId } = terms
  const newId = gateway.newId() as GrantId
  const claimed = await claimedId(gateway, organizationId, newId, idempotencyKey, [terms, expiresInSeconds])
  const id = claimed ?? newId
  const grant = { ...terms, id, expiresAt: madeAt(id) + expiresInSeconds * 1000 }
  return { grant, token: await gateway.grantTokens.make(grant), replayed: id !== newId }
}

/** The grant that an earlier request with the same key made, or `newId`; null without a key. */
async function claimedId(
  gateway: Gateway,
  organizationId: OrganizationId,
  newId: GrantId,
  key: IdempotencyKey | null,
  request: unknown,
): Promise<GrantId | null> {
  const now = gateway.now()
  const claim = await claimFor(key, 'createGrant', request, now)
  if (claim === null) return null
  const record = await gateway.idempotencyKeys.take({ organizationId, requestId: newId }, claim, now)
  if (record === null) fail({ code: 'wrong_organization' })
  replyOf(record, claim, now)
  return record.subjectId as GrantId
}
