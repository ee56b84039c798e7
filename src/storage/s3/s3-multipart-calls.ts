import { type ObjectKey, sha256Of } from '../../core/ids'
import type { CompletedMultipart } from '../../core/ports/multipart-store'
import type { ObjectHeaders } from '../../core/ports/object-store'
import type { UploadedPart } from '../../core/uploads/uploaded-part'
import { completeLimitMs, transferLimitMs } from '../time-limit'
import type { S3Client } from './s3-client'
import { refusalOf, s3Failure, s3RefusalOf } from './s3-errors'
import { objectHeaders } from './s3-object-headers'
import { encodeXml, isXmlDocumentOf, readXmlElement } from './s3-xml'

/** What S3, R2 (`BadUpload`: parts of unequal sizes) and Ceph call parts that make no object. */
const invalidPartsCodes = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'BadUpload']

/**
 * CreateMultipartUpload: the upload's id. Each call makes one, so it is repeated only where the store says that
 * it has not begun; an upload whose answer was lost is empty, and goes with `abortAll` or by the store's own rule.
 */
export async function createS3Multipart(
  client: S3Client,
  key: ObjectKey,
  kept: ObjectHeaders,
): Promise<string> {
  const xml = await client.sendForXml('createMultipart', key, {
    method: 'POST',
    query: { uploads: '' },
    headers: objectHeaders(kept),
    idempotent: false,
  })
  const multipartId = xml && readXmlElement(xml, 'UploadId')
  if (!multipartId) throw s3Failure('createMultipart', new Error('the store answered without an UploadId'))
  return multipartId
}

/** UploadPart; null when there is no such upload. */
export async function uploadS3Part(
  client: S3Client,
  key: ObjectKey,
  multipartId: string,
  partNumber: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<UploadedPart | null> {
  const response = await client.send('uploadPart', key, {
    method: 'PUT',
    query: { partNumber: String(partNumber), uploadId: multipartId },
    // The signature covers it, so every S3 server compares it with what arrives.
    headers: { 'x-amz-content-sha256': await sha256Of(bytes), 'content-length': String(bytes.length) },
    body: bytes,
    limitMs: transferLimitMs(bytes.length),
  })
  if (response === null) return null
  await response.body?.cancel()
  const etag = response.headers.get('etag')?.replaceAll('"', '')
  if (!etag) throw s3Failure('uploadPart', new Error('the store answered without an ETag'))
  return { partNumber, etag, byteSize: bytes.length }
}

/**
 * CompleteMultipartUpload. It can fail after its 200 has been sent (S3 API Reference): the document says whether
 * it did. Safe to repeat: an upload that was completed is no such upload. The document names no size, so no object
 * is described.
 */
export async function completeS3Multipart(
  client: S3Client,
  key: ObjectKey,
  multipartId: string,
  parts: readonly Pick<UploadedPart, 'partNumber' | 'etag'>[],
): Promise<CompletedMultipart> {
  const items = parts.map(
    ({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>${encodeEtag(etag)}</ETag></Part>`,
  )
  const request = {
    method: 'POST',
    query: { uploadId: multipartId },
    headers: { 'content-type': 'application/xml' },
    body: `<CompleteMultipartUpload>${items.join('')}</CompleteMultipartUpload>`,
    limitMs: completeLimitMs,
  } as const
  try {
    const xml = await client.sendForXml('completeMultipart', key, request)
    if (xml === null) return { outcome: 'no_such_upload' }
    if (isXmlDocumentOf(xml, 'CompleteMultipartUploadResult')) return { outcome: 'completed', object: null }
    throw s3Failure('completeMultipart', s3RefusalOf(200, xml))
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === null) throw error
    if (refusal.errorCode === 'NoSuchUpload') return { outcome: 'no_such_upload' }
    if (invalidPartsCodes.includes(refusal.errorCode ?? '')) return { outcome: 'invalid_parts' }
    // Ceph 16 calls an upload that is not there an InternalError, "already in progress"; ListParts it answers well.
    if (refusal.status >= 500 && (await isGone(client, key, multipartId)))
      return { outcome: 'no_such_upload' }
    throw error
  }
}

/** Whether the store says that there is no such upload; false when it does not say. */
async function isGone(client: S3Client, key: ObjectKey, multipartId: string): Promise<boolean> {
  const query = { uploadId: multipartId, 'max-parts': '1' }
  try {
    return (await client.sendForXml('listParts', key, { method: 'GET', query })) === null
  } catch {
    return false
  }
}

/** Safe to repeat: an upload that is not there is a 404. */
export async function abortS3Multipart(client: S3Client, key: ObjectKey, multipartId: string): Promise<void> {
  const query = { uploadId: multipartId }
  const response = await client.send('abortMultipart', key, { method: 'DELETE', query })
  await response?.body?.cancel()
}

/** Without its quotes, which every server takes: wrangler's does not decode entities. */
function encodeEtag(etag: string): string {
  return encodeXml(etag.replaceAll('"', ''))
}
