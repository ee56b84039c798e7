import type { ObjectKey } from '../../core/ids'
import type { MultipartStore } from '../../core/ports/multipart-store'
import type { UploadedPart } from '../../core/uploads/uploaded-part'
import type { S3Client } from './s3-client'
import { s3Failure } from './s3-errors'
import { abortS3Multipart, completeS3Multipart, createS3Multipart, uploadS3Part } from './s3-multipart-calls'
import { isXmlDocumentOf, readXmlElement, readXmlElements } from './s3-xml'
import { unlessUnsupported } from './unless-unsupported'

/** The most that S3 lists at once, and the most it is asked for. */
const pageMax = '1000'

/** Multipart uploads through any S3 endpoint. Needs ListMultipartUploads and ListParts there to find what is left. */
export function createS3MultipartStore(client: S3Client): MultipartStore {
  return {
    create(key, headers) {
      return createS3Multipart(client, key, headers)
    },

    uploadPart(key, multipartId, partNumber, bytes) {
      return uploadS3Part(client, key, multipartId, partNumber, bytes)
    },

    async listParts(key, multipartId) {
      const parts: UploadedPart[] = []
      for (let marker = 0; ; ) {
        const query = { uploadId: multipartId, 'max-parts': pageMax, 'part-number-marker': String(marker) }
        const xml = await unlessUnsupported(client.sendForXml('listParts', key, { method: 'GET', query }))
        if (xml === 'unsupported' || xml === null) return xml
        if (!isXmlDocumentOf(xml, 'ListPartsResult'))
          throw s3Failure('listParts', new Error('no list of parts'))
        parts.push(...readXmlElements(xml, 'Part').map(readPart))
        if (readXmlElement(xml, 'IsTruncated') !== 'true') return parts
        const next = Number(readXmlElement(xml, 'NextPartNumberMarker'))
        // Or the loop would have no end.
        if (!(next > marker)) throw s3Failure('listParts', new Error('a page leads nowhere'))
        marker = next
      }
    },

    async complete(key, multipartId, parts) {
      // An empty list is a MalformedXML for S3, which could be anything.
      if (parts.length === 0) return { outcome: 'invalid_parts' }
      return completeS3Multipart(client, key, multipartId, parts)
    },

    abort(key, multipartId) {
      return abortS3Multipart(client, key, multipartId)
    },

    async abortAll(key) {
      const multipartIds = await listMultipartIds(client, key)
      if (multipartIds === 'unsupported') return multipartIds
      for (const multipartId of multipartIds) await abortS3Multipart(client, key, multipartId)
      return 'aborted'
    },
  }
}

/** ListMultipartUploads of exactly `key`, all pages. `unsupported`: the store has no such operation. */
async function listMultipartIds(client: S3Client, key: ObjectKey): Promise<string[] | 'unsupported'> {
  const multipartIds: string[] = []
  let markers = { 'key-marker': '', 'upload-id-marker': '' }
  for (;;) {
    const after = markers['key-marker'] === '' ? {} : markers
    const query = { uploads: '', prefix: key, 'max-uploads': pageMax, ...after }
    const xml = await unlessUnsupported(client.sendForXml('listMultiparts', '', { method: 'GET', query }))
    if (xml === 'unsupported') return xml
    if (xml === null || !isXmlDocumentOf(xml, 'ListMultipartUploadsResult'))
      throw s3Failure('listMultiparts', new Error('no list of uploads'))
    for (const upload of readXmlElements(xml, 'Upload')) {
      const multipartId = readXmlElement(upload, 'UploadId')
      // Longer keys have the prefix too.
      if (multipartId && readXmlElement(upload, 'Key') === key) multipartIds.push(multipartId)
    }
    if (readXmlElement(xml, 'IsTruncated') !== 'true') return multipartIds
    const next = {
      'key-marker': readXmlElement(xml, 'NextKeyMarker') ?? '',
      'upload-id-marker': readXmlElement(xml, 'NextUploadIdMarker') ?? '',
    }
    if (next['key-marker'] === '' || JSON.stringify(next) === JSON.stringify(markers))
      throw s3Failure('listMultiparts', new Error('a page leads nowhere'))
    markers = next
  }
}

function readPart(xml: string): UploadedPart {
  const partNumber = Number(readXmlElement(xml, 'PartNumber'))
  const byteSize = Number(readXmlElement(xml, 'Size') ?? Number.NaN)
  const etag = readXmlElement(xml, 'ETag')?.replaceAll('"', '')
  if (!etag || !(partNumber >= 1) || !(byteSize >= 0))
    throw s3Failure('listParts', new Error('a part without its number, size or ETag'))
  return { partNumber, etag, byteSize }
}
