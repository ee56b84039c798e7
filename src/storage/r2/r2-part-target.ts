import type { ObjectKey } from '../../core/ids'
import type { PartTarget } from '../part-writer'
import { attempt, toStoredObject } from './r2-calls'
import { isNoSuchUpload } from './r2-errors'

const feedBytes = 256 * 1024

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
      const sized = new FixedLengthStream(bytes.length)
      const feeding = feed(sized.writable, bytes)
      const [part] = await attempt('uploadPart', () =>
        Promise.all([
          bucket.resumeMultipartUpload(key, multipartId).uploadPart(number, sized.readable),
          feeding,
        ]),
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

/** Handed over piece by piece: given whole, the runtime copies the part whole (npm run bench:form). */
async function feed(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  for (let at = 0; at < bytes.length; at += feedBytes) await writer.write(bytes.subarray(at, at + feedBytes))
  await writer.close()
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
