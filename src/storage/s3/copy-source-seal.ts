import { briefLimitMs, withTimeLimit } from '../time-limit'
import type { S3Client } from './s3-client'
import { readS3Refusal, s3Failure } from './s3-errors'

/**
 * Whether this store accepts a URL that signs `x-amz-copy-source` as empty from a client that does not send
 * the header. Servers differ: R2's simulator reads an absent header as an empty one, Ceph leaves it out of
 * what it verifies, Swift and AWS want every signed header present. So the store is asked, once per isolate,
 * with a harmless GET of an object that is not there: signatures are checked before objects are looked up.
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
  return withTimeLimit('probe', briefLimitMs, async (signal) => {
    const headers = { 'x-amz-copy-source': '' }
    const url = await client.presign('slipway-probe', { method: 'GET', headers, ttlSeconds: 60, now })
    try {
      const response = await fetch(url, { signal })
      if (response.ok || response.status === 404) {
        await response.body?.cancel()
        return true
      }
      const refusal = await readS3Refusal(response)
      if (response.status < 500 && response.status !== 429) return false
      throw refusal
    } catch (error) {
      throw s3Failure('probe', error)
    }
  })
}
