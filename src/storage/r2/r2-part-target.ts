import type { ObjectKey } from '../../core/ids'
import type { PartTarget } from '../part-writer'
import { attempt, toStoredObject } from './r2-calls'
import { isNoSuchUpload } from './r2-errors'

/** Puts and multipart uploads of `key` through the Worker's R2 binding. */
export function r2PartTarget(bucket: R2Bucket, key: ObjectKey, contentType: string): PartTarget {
  const httpMetadata = { contentType }
  return {
    async put(bytes, sha256) {
      return toStoredObject(await attempt('put', () => bucket.put(key, bytes, { httpMetadata, sha256 })))
    },

    async create() {
      const upload = await attempt('createMultipart', () =>
        bucket.createMultipartUpload(key, { httpMetadata }),
      )
      return upload.uploadId
    },

    async uploadPart(multipartId, { number, bytes }) {
      const part = await attempt('uploadPart', () =>
        bucket.resumeMultipartUpload(key, multipartId).uploadPart(number, bytes),
      )
      return part.etag
    },

    async complete(multipartId, etags, byteSize) {
      const parts = etags.map((etag, at) => ({ partNumber: at + 1, etag }))
      return attempt('completeMultipart', async () => {
        const object = await bucket.resumeMultipartUpload(key, multipartId).complete(parts)
        if (object.size !== byteSize) throw new Error(`${object.size} bytes are there instead of ${byteSize}`)
        return toStoredObject(object)
      })
    },

    abort(multipartId) {
      return abortR2Multipart(bucket, key, multipartId)
    },
  }
}

/** Safe to repeat. */
export async function abortR2Multipart(bucket: R2Bucket, key: ObjectKey, multipartId: string): Promise<void> {
  await attempt('abortMultipart', async () => {
    try {
      await bucket.resumeMultipartUpload(key, multipartId).abort()
    } catch (error) {
      if (!isNoSuchUpload(error)) throw error
    }
  })
}
