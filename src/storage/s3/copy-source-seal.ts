import { briefLimitMs, withStoreLimit } from '../time-limit'
import { askPresigned } from './ask-presigned'
import type { S3Client } from './s3-client'
import { type S3Refusal, s3Failure } from './s3-errors'

/** With these a store may say that it dislikes the header, and as well that it dislikes the key, or the clock. */
const ambiguousStatuses = [400, 401, 403]

/**
 * Whether this store accepts a URL that signs `x-amz-copy-source` as empty from a client that does not send
 * the header. Servers differ: R2's simulator reads an absent header as an empty one, Ceph leaves it out of
 * what it verifies, Swift and AWS want every signed header present. So the store is asked, once per isolate,
 * with a harmless GET of an object that is not there: signatures are checked before objects are looked up. A
 * refusal is about the header only where the same GET without it is answered; otherwise it may be about the key,
 * its rights, or the clock.
 *
 * Throws `store_failed` when the store gives no clear answer; it is asked again next time, never guessed.
 * Only the answer is kept: a promise of one request may never settle once that request is gone.
 */
export function createCopySourceSeal(
  client: S3Client,
  now: () => number,
  onKnown: (sealed: boolean) => void,
): () => Promise<boolean> {
  let known: boolean | undefined
  return async () => {
    if (known === undefined) {
      known = await probe(client, now())
      onKnown(known)
    }
    return known
  }
}

function probe(client: S3Client, now: number): Promise<boolean> {
  return withStoreLimit('probe', briefLimitMs, async (signal) => {
    const ask = (headers: Record<string, string>) =>
      askPresigned(client, 'slipway-probe', { method: 'GET', headers, now }, signal)
    try {
      const refusal = await ask({ 'x-amz-copy-source': '' })
      if (isLookedUp(refusal)) return true
      if (!ambiguousStatuses.includes(refusal.status)) throw refusal
      const control = await ask({})
      if (isLookedUp(control)) return false
      throw control
    } catch (error) {
      throw s3Failure('probe', error)
    }
  })
}

/** Whether the store has taken the signature: it then found the object, or says that there is none. */
export function isLookedUp(refusal: S3Refusal | null): refusal is null {
  return refusal === null || (refusal.status === 404 && refusal.errorCode === 'NoSuchKey')
}
