import { fail } from '../errors'
import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey, replyOf } from '../idempotency/idempotency'
import type { FileId, OrganizationId } from '../ids'
import { type Association, associationsMax, type Resource } from './association'

/**
 * Ties a file to a resource; a tie that is there stays as it is. Under an idempotency key it does so once: a
 * repetition gets the reply and does not tie again what was untied since. One database round trip.
 * Throws `file_not_found`, `too_many_associations`, what an idempotency key can throw, `database_failed`.
 */
export async function associateFile(
  gateway: Gateway,
  file: { organizationId: OrganizationId; id: FileId },
  resource: Resource,
  idempotencyKey: IdempotencyKey | null,
): Promise<{ association: Association; replayed: boolean }> {
  const now = gateway.now()
  const claim = await claimFor(idempotencyKey, 'associateFile', [file.id, resource], now)
  const { hasFile, association, record } = await gateway.associations.add({
    file,
    association: { resource, createdAt: now },
    max: associationsMax,
    claim: claim && { ...claim, requestId: gateway.newId() },
    now,
  })
  const answer = claim && record && replyOf(record, claim, now)
  if (!hasFile) fail({ code: 'file_not_found', fileId: file.id })
  // A streamed upload that died: the sweep frees its key.
  if (answer === 'stale') fail({ code: 'idempotency_in_progress', retryAfterSeconds: 1 })
  if (answer !== null) return { association: answer.reply, replayed: true }
  if (association === null) fail({ code: 'too_many_associations', max: associationsMax })
  return { association, replayed: false }
}

/** Unties a file from a resource, if they are tied. One database round trip. Throws `file_not_found`. */
export async function dissociateFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  fileId: FileId,
  resource: Resource,
): Promise<void> {
  if (!(await gateway.associations.remove(organizationId, fileId, resource)))
    fail({ code: 'file_not_found', fileId })
}
