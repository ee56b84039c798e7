import { type ObjectKey, sha256Of } from '../../core/ids'
import type { ObjectStore } from '../../core/ports/object-store'
import type { PartTarget } from '../part-writer'
import type { S3Client } from './s3-client'
import { S3Refusal, s3Failure } from './s3-errors'
import { encodeXml, isXmlDocumentOf, readXmlElement } from './s3-xml'

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

    async create() {
      const response = await client.send('createMultipart', key, {
        method: 'POST',
        query: { uploads: '' },
        headers: { 'content-type': contentType },
      })
      const multipartId = response && readXmlElement(await response.text(), 'UploadId')
      if (!multipartId)
        throw s3Failure('createMultipart', new Error('the store answered without an UploadId'))
      return multipartId
    },

    async uploadPart(multipartId, { number, bytes }) {
      const response = await client.send('uploadPart', key, {
        method: 'PUT',
        query: { partNumber: String(number), uploadId: multipartId },
        // The signature covers it, so every S3 server compares it with what arrives.
        headers: { 'x-amz-content-sha256': await sha256Of(bytes), 'content-length': String(bytes.length) },
        body: bytes,
      })
      await response?.body?.cancel()
      const etag = response?.headers.get('etag')
      if (!etag) throw s3Failure('uploadPart', new Error('the store answered without an ETag'))
      return etag
    },

    async complete(multipartId, etags, byteSize) {
      const parts = etags.map(
        (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${encodeEtag(etag)}</ETag></Part>`,
      )
      const response = await client.send('completeMultipart', key, {
        method: 'POST',
        query: { uploadId: multipartId },
        headers: { 'content-type': 'application/xml' },
        body: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
      })
      // Null, no such upload: an earlier try has completed it and its answer was lost. The object will tell.
      if (response !== null) await expectCompleted(response)
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

/** Safe to repeat: an upload that is not there is a 404. */
export async function abortS3Multipart(client: S3Client, key: ObjectKey, multipartId: string): Promise<void> {
  const query = { uploadId: multipartId }
  const response = await client.send('abortMultipart', key, { method: 'DELETE', query })
  await response?.body?.cancel()
}

/**
 * CompleteMultipartUpload can fail after its 200 has been sent (S3 API Reference): the document says whether
 * it did.
 */
async function expectCompleted(response: Response): Promise<void> {
  const xml = await response.text().catch((cause) => {
    throw s3Failure('completeMultipart', cause)
  })
  if (isXmlDocumentOf(xml, 'CompleteMultipartUploadResult')) return
  const code = readXmlElement(xml, 'Code')
  throw s3Failure(
    'completeMultipart',
    new S3Refusal(response.status, /^\w{1,64}$/.test(code ?? '') ? code : null),
  )
}

/** Without its quotes, which every server takes: wrangler's does not decode entities. */
function encodeEtag(etag: string): string {
  return encodeXml(etag.replaceAll('"', ''))
}
