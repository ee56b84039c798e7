import type { MultipartStore } from '../../core/ports/multipart-store'
import { briefLimitMs, completeLimitMs, transferLimitMs } from '../time-limit'
import { attempt, httpMetadataOf, toStoredObject } from './r2-calls'
import { isInvalidParts, isNoSuchUpload } from './r2-errors'

const feedBytes = 256 * 1024

/** Multipart uploads through the Worker's R2 binding, which can list neither parts nor uploads. */
export function createR2MultipartStore(bucket: R2Bucket): MultipartStore {
  return {
    async create(key, headers) {
      const upload = await attempt('createMultipart', briefLimitMs, () =>
        bucket.createMultipartUpload(key, { httpMetadata: httpMetadataOf(headers) }),
      )
      return upload.uploadId
    },

    uploadPart(key, multipartId, partNumber, bytes) {
      return attempt('uploadPart', transferLimitMs(bytes.length), async () => {
        const upload = bucket.resumeMultipartUpload(key, multipartId)
        const sized = new FixedLengthStream(bytes.length)
        try {
          const [{ etag }] = await Promise.all([
            upload.uploadPart(partNumber, sized.readable),
            feed(sized.writable, bytes),
          ])
          return { partNumber, etag, byteSize: bytes.length }
        } catch (error) {
          if (isNoSuchUpload(error)) return null
          throw error
        }
      })
    },

    async listParts() {
      return 'unsupported'
    },

    async complete(key, multipartId, parts) {
      // R2 answers an internal error to a part that is named twice.
      const isAscending = parts.every(({ partNumber }, at) => partNumber > (parts[at - 1]?.partNumber ?? 0))
      if (parts.length === 0 || !isAscending) return { outcome: 'invalid_parts' }
      return attempt('completeMultipart', completeLimitMs, async () => {
        const upload = bucket.resumeMultipartUpload(key, multipartId)
        try {
          const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag }))
          return { outcome: 'completed', object: toStoredObject(await upload.complete(named)) }
        } catch (error) {
          if (isNoSuchUpload(error)) return { outcome: 'no_such_upload' }
          if (isInvalidParts(error)) return { outcome: 'invalid_parts' }
          throw error
        }
      })
    },

    abort(key, multipartId) {
      return attempt('abortMultipart', briefLimitMs, async () => {
        try {
          await bucket.resumeMultipartUpload(key, multipartId).abort()
        } catch (error) {
          if (!isNoSuchUpload(error)) throw error
        }
      })
    },

    async abortAll() {
      return 'unsupported'
    },
  }
}

/** Handed over piece by piece: given whole, the runtime copies the part whole (npm run bench -- form). */
async function feed(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  for (let at = 0; at < bytes.length; at += feedBytes) await writer.write(bytes.subarray(at, at + feedBytes))
  await writer.close()
}
