import type { Md5, ObjectKey, Sha256 } from '../../core/ids'
import type { ObjectStore, PutOptions, SizedStream, StoredObject } from '../../core/ports/object-store'
import { transferLimitMs } from '../time-limit'
import type { S3Client } from './s3-client'
import { copyS3Object } from './s3-copy-object'
import { createS3Deletion } from './s3-delete-objects'
import { s3Failure } from './s3-errors'
import { listS3Keys } from './s3-list-objects'
import { objectHeaders } from './s3-object-headers'

/** The bucket through any S3 endpoint. Needs PutObject, GetObject, DeleteObject and ListBucket there. */
export function createS3ObjectStore(client: S3Client): ObjectStore {
  const store: ObjectStore = {
    async head(key) {
      const headers = { 'x-amz-checksum-mode': 'ENABLED' }
      const response = await client.send('head', key, { method: 'HEAD', headers })
      return response && toStoredObject(key, response, contentLength(response))
    },

    async get(key, { range, ifMatch } = {}) {
      const headers: Record<string, string> = {}
      if (range) headers.range = `bytes=${range.offset}-${range.offset + range.length - 1}`
      if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`
      const response = await client.send('get', key, { method: 'GET', headers })
      if (response === null) return null
      const object = toStoredObject(key, response, totalLength(response))
      return { object, body: response.body ?? new Blob([]).stream() }
    },

    async put(key, body, options) {
      const object = await putObject(client, key, body, options, {})
      if (object === null) throw s3Failure('put', new Error('no such bucket'))
      return object
    },

    putOnce(key, body, options) {
      return putObject(client, key, body, options, { 'if-none-match': '*' })
    },

    copy(from, to, options) {
      return copyS3Object(client, store, { from, to, ...options })
    },

    list(prefix, after) {
      return listS3Keys(client, prefix, after)
    },

    delete: createS3Deletion(client),

    async check() {
      if ((await client.send('check', '', { method: 'HEAD' })) === null)
        throw s3Failure('check', new Error('there is no such bucket'))
    },
  }
  return store
}

/** A PUT under the headers of `condition`; null where that does not hold. */
async function putObject(
  client: S3Client,
  key: ObjectKey,
  body: Uint8Array<ArrayBuffer> | SizedStream,
  { sha256, ...kept }: PutOptions,
  condition: Record<string, string>,
): Promise<StoredObject | null> {
  const headers: Record<string, string> = { ...objectHeaders(kept), ...condition }
  if (sha256 !== null) {
    // The first is what the signature covers, so every S3 server compares it with the body; the second
    // is kept with the object where the store knows checksums.
    headers['x-amz-content-sha256'] = sha256
    headers['x-amz-checksum-sha256'] = Uint8Array.fromHex(sha256).toBase64()
  }
  const sized = !(body instanceof Uint8Array)
  const byteSize = sized ? body.byteSize : body.length
  const response = await client.send('put', key, {
    method: 'PUT',
    headers: { ...headers, 'content-length': String(byteSize) },
    body: sized ? fixedLength(body.stream, body.byteSize) : body,
    replayable: !sized,
    limitMs: transferLimitMs(byteSize),
  })
  if (response === null) return null
  await response.body?.cancel()
  return {
    key,
    byteSize,
    etag: etagOf(response),
    contentType: kept.contentType,
    contentEncoding: null,
    contentDisposition: kept.contentDisposition ?? null,
    hasOtherHeaders: false,
    md5: md5Of(response),
    sha256: sha256HeaderOf(response),
  }
}

/** Workers send a Content-Length for such a stream, and fail when it does not keep its word. */
function fixedLength(stream: ReadableStream<Uint8Array>, byteSize: number): ReadableStream<Uint8Array> {
  return stream.pipeThrough(new FixedLengthStream(byteSize))
}

function toStoredObject(key: ObjectKey, response: Response, byteSize: number): StoredObject {
  const { headers } = response
  return {
    key,
    byteSize,
    etag: etagOf(response),
    contentType: headers.get('content-type'),
    contentEncoding: headers.get('content-encoding'),
    contentDisposition: headers.get('content-disposition'),
    hasOtherHeaders: hasOtherHeaders(headers),
    md5: md5Of(response),
    sha256: sha256HeaderOf(response),
  }
}

/** What S3 keeps with an object because a PUT had it, beside type, encoding and disposition. */
function hasOtherHeaders(headers: Headers): boolean {
  return [...headers.keys()].some((name) => name.startsWith('x-amz-meta-') || otherHeaders.has(name))
}

const otherHeaders: ReadonlySet<string> = new Set([
  'cache-control',
  'content-language',
  'expires',
  'x-amz-website-redirect-location',
])

/**
 * The ETag of a single PUT is the MD5 of its bytes, unless they are encrypted with a key of KMS or of the
 * customer: then it is something else of the same length (S3 API Reference, "Object").
 */
function md5Of(response: Response): Md5 | null {
  const { headers } = response
  const encryption = headers.get('x-amz-server-side-encryption')
  const isPlain = encryption === null || encryption === 'AES256'
  if (!isPlain || headers.has('x-amz-server-side-encryption-customer-algorithm')) return null
  const etag = etagOf(response).toLowerCase()
  return /^[0-9a-f]{32}$/.test(etag) ? (etag as Md5) : null
}

/** A composite checksum (of parts) ends in `-N` and is none of the bytes. */
function sha256HeaderOf({ headers }: Response): Sha256 | null {
  const checksum = headers.get('x-amz-checksum-sha256') ?? ''
  return /^[A-Za-z0-9+/]{43}=$/.test(checksum) ? (Uint8Array.fromBase64(checksum).toHex() as Sha256) : null
}

function etagOf(response: Response): string {
  const etag = response.headers.get('etag')
  if (etag === null) throw s3Failure('etag', new Error('the store answered without an ETag'))
  return etag.replace(/^"(.*)"$/, '$1')
}

function contentLength(response: Response): number {
  const text = response.headers.get('content-length') ?? ''
  if (!/^\d+$/.test(text)) throw s3Failure('head', new Error('the store answered without a Content-Length'))
  return Number(text)
}

/** The size of the whole object, also when a range of it was asked for. */
function totalLength(response: Response): number {
  const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
  return total === undefined ? contentLength(response) : Number(total)
}
