import type { Presigner } from '../../core/ports/presigner'
import type { S3Client } from './s3-client'

/**
 * Presigned URLs of an S3 endpoint.
 *
 * A PUT is sealed by what it signs: content type, content length when it is known, and, where the store
 * reads an absent header as an empty one, `x-amz-copy-source` as absent. Without the last, whoever holds
 * the URL could add that header and so copy an object he may not read into his own key: stores that follow
 * AWS refuse unsigned `x-amz-*` headers, R2-like stores and Ceph do not. `sealsCopySource` knows the store.
 */
export function createS3Presigner(
  client: S3Client,
  options: { now: () => number; sealsCopySource: () => Promise<boolean> },
): Presigner {
  return {
    uri(key) {
      return `s3://${client.bucket}/${key}`
    },

    async presignPut(key, { contentType, byteSize }, ttlSeconds) {
      const headers: Record<string, string> = { 'content-type': contentType }
      if (byteSize !== null) headers['content-length'] = String(byteSize)
      if (await options.sealsCopySource()) headers['x-amz-copy-source'] = ''
      return client.presign(key, { method: 'PUT', headers, ttlSeconds, now: options.now() })
    },

    presignGet(key, { contentType, contentDisposition }, ttlSeconds) {
      const query = {
        'response-content-type': contentType,
        'response-content-disposition': contentDisposition,
      }
      return client.presign(key, { method: 'GET', query, ttlSeconds, now: options.now() })
    },
  }
}
