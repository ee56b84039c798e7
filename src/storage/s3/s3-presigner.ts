import type { Presigner, PutSeal } from '../../core/ports/presigner'
import type { S3Client } from './s3-client'

/**
 * Presigned URLs of an S3 endpoint.
 *
 * A PUT is sealed by what it signs: content type, content length when it is known, every other header that the client
 * is told to send (checksum, write-once, disposition), and, if the store reads an absent header as an empty one,
 * `x-amz-copy-source` as absent. Attack: the holder of a URL adds that header and has the store copy an object that the
 * holder may not read. Stores that follow AWS refuse unsigned `x-amz-*` headers, R2-like stores and Ceph do not;
 * `sealsCopySource` knows the store. With the URL of a part the header makes an UploadPartCopy, so part URLs are sealed
 * in the same way.
 */
export function createS3Presigner(
  client: S3Client,
  options: { now: () => number; sealsCopySource: () => Promise<boolean> },
): Presigner {
  const headersNotToSend = async (byteSize: number | null): Promise<Record<string, string>> => ({
    // Every HTTP client sends it by itself, and in a browser a page cannot set it.
    ...(byteSize === null ? {} : { 'Content-Length': String(byteSize) }),
    ...((await options.sealsCopySource()) ? { 'x-amz-copy-source': '' } : {}),
  })
  return {
    uri(key) {
      return `s3://${client.bucket}/${key}`
    },

    async presignPut(key, seal, ttlSeconds) {
      const headers = headersToSend(seal)
      const signed = { ...headers, ...(await headersNotToSend(seal.byteSize)) }
      const request = { method: 'PUT', headers: signed, ttlSeconds, now: options.now() } as const
      return { url: await client.presign(key, request), headers }
    },

    async presignPart(key, { multipartId, partNumber, byteSize }, ttlSeconds) {
      const query = { partNumber: String(partNumber), uploadId: multipartId }
      const headers = await headersNotToSend(byteSize)
      const request = { method: 'PUT', query, headers, ttlSeconds, now: options.now() } as const
      return { url: await client.presign(key, request), headers: {} }
    },

    presignGet(key, { contentType, contentDisposition }, ttlSeconds) {
      const query = {
        // Whatever was kept with the object: its bytes are for the holder of the URL, and for no shared cache.
        'response-cache-control': 'private',
        'response-content-type': contentType,
        'response-content-disposition': contentDisposition,
      }
      return client.presign(key, { method: 'GET', query, ttlSeconds, now: options.now() })
    },
  }
}

/** The checksum must be a header: S3 ignores `x-amz-checksum-sha256` in the query (aws-sdk-go-v2#2610). */
function headersToSend({ contentType, md5, sha256, writeOnce, contentDisposition }: PutSeal) {
  const headers: Record<string, string> = { 'Content-Type': contentType }
  if (md5) headers['Content-MD5'] = Uint8Array.fromHex(md5).toBase64()
  if (sha256) headers['x-amz-checksum-sha256'] = Uint8Array.fromHex(sha256).toBase64()
  if (contentDisposition) headers['Content-Disposition'] = contentDisposition
  if (writeOnce) headers['If-None-Match'] = '*'
  return headers
}
