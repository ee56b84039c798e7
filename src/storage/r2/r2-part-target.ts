import type { ObjectKey } from '../../core/ids'
import type { PartTarget } from '../part-writer'
import { briefLimitMs, transferLimitMs } from '../time-limit'
import { attempt, toStoredObject } from './r2-calls'
import { isNoSuchUpload } from './r2-errors'

const feedBytes = 256 * 1024

/** The store puts up to 10 000 parts together. */
const completeLimitMs = 60_000

/** Puts and multipart uploads of `key` through the Worker's R2 binding. */
export function r2PartTarget(bucket: R2Bucket, key: ObjectKey, contentType: string): PartTarget {
  const httpMetadata = { contentType }
  return {
    async put(bytes, sha256) {
      const put = () => bucket.put(key, bytes, { httpMetadata, sha256 })
      return toStoredObject(await attempt('put', transferLimitMs(bytes.length), put))
    },

    async create() {
      const upload = await attempt('createMultipart', briefLimitMs, () =>
        bucket.createMultipartUpload(key, { httpMetadata }),
      )
      return upload.uploadId
    },

    async uploadPart(multipartId, { number, bytes }) {
      const sized = new FixedLengthStream(bytes.length)
      const [part] = await attempt('uploadPart', transferLimitMs(bytes.length), () =>
        Promise.all([
          bucket.resumeMultipartUpload(key, multipartId).uploadPart(number, sized.readable),
          feed(sized.writable, bytes),
        ]),
      )
      return part.etag
    },

    async complete(multipartId, etags, byteSize) {
      const parts = etags.map((etag, at) => ({ partNumber: at + 1, etag }))
      return attempt('completeMultipart', completeLimitMs, async () => {
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

/** Handed over piece by piece: given whole, the runtime copies the part whole (npm run bench:form). */
async function feed(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  for (let at = 0; at < bytes.length; at += feedBytes) await writer.write(bytes.subarray(at, at + feedBytes))
  await writer.close()
}

/** Safe to repeat. */
export async function abortR2Multipart(bucket: R2Bucket, key: ObjectKey, multipartId: string): Promise<void> {
  await attempt('abortMultipart', briefLimitMs, async () => {
    try {
      await bucket.resumeMultipartUpload(key, multipartId).abort()
    } catch (error) {
      if (!isNoSuchUpload(error)) throw error
    }
  })
}
