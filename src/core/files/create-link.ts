import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { underKey } from '../idempotency/under-key'
import type { FileId, OrganizationId } from '../ids'
import { inlineOrAttachment } from './content-disposition'
import { getFile, presignDownload } from './get-file'

/** A presigned GET. Every holder of the URL can read the file until `expiresAt`, in milliseconds: never log one. */
export type Link = { url: string; expiresAt: number }

export type LinkTerms = {
  /** null: as long as downloads are configured to last. */
  ttlSeconds: number | null
  /** `inline` holds for types that run nothing in a browser; every other type stays an `attachment`. */
  disposition: 'attachment' | 'inline'
}

/**
 * A link to a file's bytes. Nothing is stored: another call makes another link, and no link can be taken back. One
 * database round trip, one or two more when there was something to settle, one more under an idempotency key.
 * Throws as `getFile` does, and `idempotency_key_reused`.
 */
export async function createLink(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: FileId,
  terms: LinkTerms,
  idempotencyKey: IdempotencyKey | null,
): Promise<Link> {
  const claim = await claimFor(idempotencyKey, 'createLink', [id, terms], gateway.now())
  return underKey(gateway, organizationId, claim, async () => {
    const file = await getFile(gateway, organizationId, id)
    const ttlSeconds = terms.ttlSeconds ?? gateway.limits.downloadUrlTtlSeconds
    const disposition =
      terms.disposition === 'inline' ? inlineOrAttachment(file.contentType) : terms.disposition
    const expiresAt = gateway.now() + ttlSeconds * 1000
    return { url: await presignDownload(gateway, file, disposition, ttlSeconds), expiresAt }
  })
}
