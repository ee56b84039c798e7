import type { StoreKey } from '../../core/ports/store-key'
import { briefLimitMs, withStoreLimit } from '../time-limit'
import { askPresigned } from './ask-presigned'
import { isLookedUp } from './copy-source-seal'
import type { PresignRequest, S3Client } from './s3-client'
import { type S3Refusal, s3Failure } from './s3-errors'

/** How long a pair that works is believed without asking, and one that does not is not tried again. */
const provenMs = 60_000
const failedMs = 5_000

const key = 'slipway-health'

/**
 * The key pairs of an endpoint, each proven by one presigned request that changes nothing: a GET of an object that
 * is not there, and, of a pair for uploads, which may not read, a PUT of a part of a multipart upload that is not
 * there. For the latter it needs PutObject (S3 API Reference, UploadPart). `now` in milliseconds since 1970 UTC.
 */
export function createS3Keys(client: S3Client, now: () => number): StoreKey[] {
  const main = keyOf(client, now, 'S3_ACCESS_KEY_ID', { method: 'GET' }, isLookedUp)
  if (!client.hasUploadKey) return [main]
  const query = { partNumber: '1', uploadId: key }
  const isTried = (refusal: S3Refusal | null) => refusal === null || refusal.errorCode === 'NoSuchUpload'
  return [main, keyOf(client, now, 'S3_UPLOAD_ACCESS_KEY_ID', { method: 'PUT', query }, isTried)]
}

function keyOf(
  client: S3Client,
  now: () => number,
  variable: string,
  request: Pick<PresignRequest, 'method' | 'query'>,
  isAccepted: (refusal: S3Refusal | null) => boolean,
): StoreKey {
  let known: { until: number; failure: unknown } | null = null
  const ask = () =>
    withStoreLimit('proveKey', briefLimitMs, async (signal) => {
      try {
        const refusal = await askPresigned(client, key, { ...request, now: now() }, signal)
        if (!isAccepted(refusal)) throw refusal
      } catch (error) {
        throw s3Failure('proveKey', error)
      }
    })
  return {
    variable,
    async prove() {
      if (known === null || known.until <= now())
        try {
          await ask()
          known = { until: now() + provenMs, failure: null }
        } catch (failure) {
          known = { until: now() + failedMs, failure }
        }
      if (known.failure !== null) throw known.failure
    },
  }
}
