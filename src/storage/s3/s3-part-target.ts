import { type ObjectKey, sha256Of } from '../../core/ids'
import type { ObjectStore } from '../../core/ports/object-store'
import type { PartTarget } from '../part-writer'
import { transferLimitMs } from '../time-limit'
import type { S3Client } from './s3-client'
import { s3Failure } from './s3-errors'
import { abortS3Multipart, completeS3Multipart, createS3Multipart } from './s3-multipart-calls'

/** Puts and multipart uploads of `key` through an S3 endpoint. `store` is the rest of the same bucket. */
export function s3PartTarget(
  client: S3Client,
  store: Pick<ObjectStore, 'put' | 'head'>,
  key: ObjectKey,
  contentType: string,
): PartTarget {
  return {
    put(bytes, sha256) {
      return store.put(key, bytes, { contentType, sha256 })
    },

    create() {
      return createS3Multipart(client, key, { contentType })
    },

    async uploadPart(multipartId, { number, bytes }) {
      const response = await client.send('uploadPart', key, {
        method: 'PUT',
        query: { partNumber: String(number), uploadId: multipartId },
        // The signature covers it, so every S3 server compares it with what arrives.
        headers: { 'x-amz-content-sha256': await sha256Of(bytes), 'content-length': String(bytes.length) },
        body: bytes,
        limitMs: transferLimitMs(bytes.length),
      })
      await response?.body?.cancel()
      const etag = response?.headers.get('etag')
      if (!etag) throw s3Failure('uploadPart', new Error('the store answered without an ETag'))
      return etag
    },

    async complete(multipartId, etags, byteSize) {
      const parts = etags.map((etag, at) => ({ partNumber: at + 1, etag }))
      const { outcome, refusal } = await completeS3Multipart(client, key, multipartId, parts)
      if (outcome === 'invalid_parts') throw s3Failure('completeMultipart', refusal)
      // No such upload: an earlier try has completed it and its answer was lost. The object will tell.
      const object = await store.head(key)
      if (object?.byteSize !== byteSize)
        throw s3Failure(
          'completeMultipart',
          new Error(`${object?.byteSize} bytes are there, not ${byteSize}`),
        )
      return object
    },

    abort(multipartId) {
      return abortS3Multipart(client, key, multipartId)
    },
  }
}
