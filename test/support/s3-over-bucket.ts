/**
 * An S3 endpoint as a function, for tests in workerd, which cannot start a server: the operations that the
 * gateway and its clients use, over an R2 binding, with R2's rules (equal parts, checksums compared and kept, no
 * leading slash in a copy source). Shares no code with the adapters that it answers.
 *
 * Gaps: it verifies no signatures. Of a presigned URL it checks that it has not expired, that the signed headers
 * were sent, and that a copy source that was sealed as absent is. CopyObject does not carry checksums over.
 */

export type S3Operation =
  | 's3.check'
  | 's3.head'
  | 's3.get'
  | 's3.list'
  | 's3.put'
  | 's3.copy'
  | 's3.delete'
  | 's3.deleteMany'
  | 's3.createMultipart'
  | 's3.uploadPart'
  | 's3.copyPart'
  | 's3.listParts'
  | 's3.listMultiparts'
  | 's3.completeMultipart'
  | 's3.abortMultipart'

export type S3OverBucket = {
  fetch(request: Request): Promise<Response>
  /** The same bucket as a Worker's binding has it: the endpoint knows its multipart uploads, and it the endpoint's. */
  binding: R2Bucket
  /** The multipart uploads that were begun, and neither completed nor aborted. */
  openMultiparts(): { key: string; id: string }[]
}

/** `stored`: the ETag by which the bucket itself knows it. */
type Part = { etag: string; stored: string; byteSize: number }
type Multipart = { key: string; parts: Map<number, Part> }
type Call = {
  request: Request
  headers: Headers
  bucketName: string
  key: string
  query: URLSearchParams
}

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code)
  }
}

const noSuchUpload = () => new Refused(404, 'NoSuchUpload')
const leastPartBytes = 5 * 1024 ** 2

/**
 * `listsParts: false`: ListParts and ListMultipartUploads answer 501, as wrangler's endpoint does. `listsObjects:
 * false`: so does ListObjectsV2.
 */
export function createS3OverBucket(
  bucket: R2Bucket,
  options: {
    listsParts?: boolean
    listsObjects?: boolean
    /** The most items of one list. */
    pageSize?: number
  } = {},
): S3OverBucket {
  const { listsParts = true, listsObjects = true, pageSize = 1000 } = options
  const multiparts = new Map<string, Multipart>()

  const multipartOf = ({ query, key }: Call) => {
    const id = query.get('uploadId') ?? ''
    const multipart = multiparts.get(id)
    if (multipart?.key !== key) throw noSuchUpload()
    return { id, ...multipart, handle: bucket.resumeMultipartUpload(key, id) }
  }
  const putPart = async (call: Call, bytes: Uint8Array): Promise<string> => {
    const { parts, handle } = multipartOf(call)
    const partNumber = Number(call.query.get('partNumber'))
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000)
      throw new Refused(400, 'InvalidArgument')
    const { etag: stored } = await handle.uploadPart(partNumber, bytes)
    // As with S3 and R2, where the same bytes have the same ETag; the simulator's are other ones each time.
    const etag = new Uint8Array(await crypto.subtle.digest('MD5', bytes)).toHex()
    parts.set(partNumber, { etag, stored, byteSize: bytes.length })
    return etag
  }
  const sourceOf = async ({ headers, bucketName }: Call) => {
    const source = decodeURIComponent(headers.get('x-amz-copy-source') ?? '')
    const [from, ...segments] = source.split('/')
    if (from === '') throw new Refused(400, 'InvalidArgument')
    if (from !== bucketName) throw new Refused(404, 'NoSuchBucket')
    const ifMatch = headers.get('x-amz-copy-source-if-match')
    const object = await bucket.get(segments.join('/'), ifMatch === null ? {} : { onlyIf: etagIs(ifMatch) })
    if (object === null) throw new Refused(404, 'NoSuchKey')
    if (!('body' in object)) throw new Refused(412, 'PreconditionFailed')
    return object
  }

  const operations: Record<S3Operation, (call: Call) => Promise<Response>> = {
    's3.check': async () => new Response(null),

    's3.head': async ({ key, headers }) => {
      const object = await bucket.head(key)
      if (object === null) throw new Refused(404, 'NoSuchKey')
      return new Response(null, { headers: headersOf(object, headers) })
    },

    's3.get': async ({ key, headers, query }) => {
      const ifMatch = headers.get('if-match')
      const head = await bucket.head(key)
      if (head === null) throw new Refused(404, 'NoSuchKey')
      const range = rangeOf(headers.get('range'), head.size)
      const object = await bucket.get(key, {
        ...(ifMatch === null ? {} : { onlyIf: etagIs(ifMatch) }),
        ...(range === null ? {} : { range }),
      })
      if (object === null) throw new Refused(404, 'NoSuchKey')
      if (!('body' in object)) throw new Refused(412, 'PreconditionFailed')
      const answer = headersOf(object, headers)
      for (const name of ['cache-control', 'content-type', 'content-disposition']) {
        const dressing = query.get(`response-${name}`)
        if (dressing !== null) answer.set(name, dressing)
      }
      if (range === null) return new Response(object.body, { headers: answer })
      const { offset, length } = range
      answer.set('content-length', String(length))
      answer.set('content-range', `bytes ${offset}-${offset + length - 1}/${object.size}`)
      return new Response(object.body, { status: 206, headers: answer })
    },

    's3.list': async ({ query }) => {
      if (!listsObjects) throw new Refused(501, 'NotImplemented')
      const startAfter = query.get('start-after')
      const page = await bucket.list({
        prefix: query.get('prefix') ?? '',
        limit: Math.min(pageSize, Number(query.get('max-keys') ?? 1000)),
        ...(startAfter === null ? {} : { startAfter }),
      })
      return xmlOf('ListBucketResult', {
        IsTruncated: page.truncated,
        KeyCount: page.objects.length,
        Contents: page.objects.map(({ key, etag, size }) => ({ Key: key, ETag: `"${etag}"`, Size: size })),
      })
    },

    's3.put': async ({ request, key, headers }) => {
      const bytes = await readBody(request)
      const sha256 = headers.get('x-amz-checksum-sha256')
      const object = await bucket.put(key, bytes, {
        ...metadataOf(headers),
        ...(sha256 === null ? {} : { sha256: Uint8Array.fromBase64(sha256) }),
        ...(headers.get('if-none-match') === '*' ? { onlyIf: { etagDoesNotMatch: '*' } } : {}),
      })
      if (object === null) throw new Refused(412, 'PreconditionFailed')
      return new Response(null, { headers: { etag: object.httpEtag } })
    },

    's3.copy': async (call) => {
      const source = await sourceOf(call)
      const replaces = call.headers.get('x-amz-metadata-directive') === 'REPLACE'
      const { httpMetadata = {}, customMetadata = {} } = source
      const metadata = replaces ? metadataOf(call.headers) : { httpMetadata, customMetadata }
      const copy = await bucket.put(call.key, await source.arrayBuffer(), metadata)
      return xmlOf('CopyObjectResult', { ETag: copy.httpEtag, LastModified: copy.uploaded.toISOString() })
    },

    's3.delete': async ({ key }) => {
      await bucket.delete(key)
      return new Response(null, { status: 204 })
    },

    's3.deleteMany': async ({ request }) => {
      const xml = new TextDecoder().decode(await readBody(request))
      const keys = elementsOf(xml, 'Key').map(decoded)
      if (keys.length === 0 || keys.length > 1000) throw new Refused(400, 'MalformedXML')
      await bucket.delete(keys)
      const isQuiet = elementsOf(xml, 'Quiet')[0] === 'true'
      return xmlOf('DeleteResult', { Deleted: isQuiet ? [] : keys.map((Key) => ({ Key })) })
    },

    's3.createMultipart': async ({ key, headers, bucketName }) => {
      const { uploadId } = await bucket.createMultipartUpload(key, metadataOf(headers))
      multiparts.set(uploadId, { key, parts: new Map() })
      return xmlOf('InitiateMultipartUploadResult', { Bucket: bucketName, Key: key, UploadId: uploadId })
    },

    's3.uploadPart': async (call) => {
      const etag = await putPart(call, await readBody(call.request))
      return new Response(null, { headers: { etag: `"${etag}"` } })
    },

    's3.copyPart': async (call) => {
      const source = await sourceOf(call)
      const etag = await putPart(call, new Uint8Array(await source.arrayBuffer()))
      return xmlOf('CopyPartResult', { ETag: `"${etag}"`, LastModified: new Date().toISOString() })
    },

    's3.listParts': async (call) => {
      if (!listsParts) throw new Refused(501, 'NotImplemented')
      const { parts } = multipartOf(call)
      const marker = Number(call.query.get('part-number-marker') ?? 0)
      const left = [...parts.keys()].filter((number) => number > marker).sort((a, b) => a - b)
      const page = left.slice(0, Math.min(pageSize, Number(call.query.get('max-parts') ?? 1000)))
      return xmlOf('ListPartsResult', {
        Part: page.map((number) => ({
          PartNumber: number,
          ETag: `"${parts.get(number)?.etag}"`,
          Size: parts.get(number)?.byteSize ?? 0,
        })),
        IsTruncated: page.length < left.length,
        NextPartNumberMarker: page.at(-1) ?? 0,
      })
    },

    's3.listMultiparts': async ({ query }) => {
      if (!listsParts) throw new Refused(501, 'NotImplemented')
      const after = `${query.get('key-marker') ?? ''}\n${query.get('upload-id-marker') ?? ''}`
      const left = [...multiparts]
        .map(([id, { key }]) => ({ key, id, order: `${key}\n${id}` }))
        .filter(({ key, order }) => key.startsWith(query.get('prefix') ?? '') && order > after)
        .sort((a, b) => (a.order < b.order ? -1 : 1))
      const page = left.slice(0, pageSize)
      return xmlOf('ListMultipartUploadsResult', {
        Upload: page.map(({ key, id }) => ({ Key: key, UploadId: id })),
        IsTruncated: page.length < left.length,
        NextKeyMarker: page.at(-1)?.key ?? '',
        NextUploadIdMarker: page.at(-1)?.id ?? '',
      })
    },

    's3.completeMultipart': async (call) => {
      const { id, parts, handle } = multipartOf(call)
      const asked = elementsOf(await call.request.text(), 'Part').map((part) => ({
        partNumber: Number(elementsOf(part, 'PartNumber')[0]),
        etag: decoded(elementsOf(part, 'ETag')[0] ?? '').replaceAll('"', ''),
      }))
      checkParts(asked, parts)
      const object = await handle.complete(
        asked.map(({ partNumber, etag }) => ({ partNumber, etag: storedOf(parts.get(partNumber), etag) })),
      )
      multiparts.delete(id)
      return xmlOf('CompleteMultipartUploadResult', { Key: call.key, ETag: object.httpEtag })
    },

    's3.abortMultipart': async (call) => {
      const { id, handle } = multipartOf(call)
      await handle.abort()
      multiparts.delete(id)
      return new Response(null, { status: 204 })
    },
  }

  return {
    binding: bindingOf(bucket, multiparts),
    openMultiparts: () => Array.from(multiparts, ([id, { key }]) => ({ key, id })),
    async fetch(request) {
      const call = callOf(request)
      try {
        checkPresigned(call)
        return await operations[operationOf(request)](call)
      } catch (error) {
        const { status, code } = refusedOf(error)
        if (request.method === 'HEAD') return new Response(null, { status })
        return xmlOf('Error', { Code: code, Message: 'Refused.' }, status)
      }
    },
  }
}

/** The ETag by which the bucket knows the part that is named by `etag`. */
function storedOf(part: Part | undefined, etag: string): string {
  return part?.etag === etag ? part.stored : etag
}

/** `bucket`, whose multipart uploads are noted in `multiparts`. */
function bindingOf(bucket: R2Bucket, multiparts: Map<string, Multipart>): R2Bucket {
  const noted = (upload: R2MultipartUpload): R2MultipartUpload => ({
    key: upload.key,
    uploadId: upload.uploadId,
    async uploadPart(partNumber, value, options) {
      const part = await upload.uploadPart(partNumber, value, options)
      multiparts
        .get(upload.uploadId)
        ?.parts.set(partNumber, { etag: part.etag, stored: part.etag, byteSize: 0 })
      return part
    },
    async abort() {
      await upload.abort()
      multiparts.delete(upload.uploadId)
    },
    async complete(named) {
      const { parts } = multiparts.get(upload.uploadId) ?? { parts: new Map<number, Part>() }
      const object = await upload.complete(
        named.map(({ partNumber, etag }) => ({ partNumber, etag: storedOf(parts.get(partNumber), etag) })),
      )
      multiparts.delete(upload.uploadId)
      return object
    },
  })
  return new Proxy(bucket, {
    get(target, name) {
      if (name === 'resumeMultipartUpload')
        return (key: string, id: string) => noted(target.resumeMultipartUpload(key, id))
      if (name === 'createMultipartUpload')
        return async (key: string, options?: R2MultipartOptions) => {
          const upload = await target.createMultipartUpload(key, options)
          multiparts.set(upload.uploadId, { key, parts: new Map() })
          return noted(upload)
        }
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Of two requests that end one multipart upload at the same time, R2 itself tells the second (10024). */
function refusedOf(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (error instanceof Error && error.message.includes('(10024)')) return noSuchUpload()
  throw error
}

/** Which operation a request to an S3 endpoint, path style, is. */
export function operationOf(request: Request): S3Operation {
  const { key, query, headers } = callOf(request)
  const copies = (headers.get('x-amz-copy-source') ?? '') !== ''
  switch (request.method) {
    case 'HEAD':
      return key === '' ? 's3.check' : 's3.head'
    case 'GET':
      if (query.has('uploads')) return 's3.listMultiparts'
      if (query.get('list-type') === '2') return 's3.list'
      return query.has('uploadId') ? 's3.listParts' : 's3.get'
    case 'PUT':
      if (query.has('uploadId')) return copies ? 's3.copyPart' : 's3.uploadPart'
      return copies ? 's3.copy' : 's3.put'
    case 'DELETE':
      return query.has('uploadId') ? 's3.abortMultipart' : 's3.delete'
    case 'POST':
      if (query.has('delete')) return 's3.deleteMany'
      if (query.has('uploads')) return 's3.createMultipart'
      if (query.has('uploadId')) return 's3.completeMultipart'
  }
  throw new Error(`no S3 operation: ${request.method} ${request.url}`)
}

function callOf(request: Request): Call {
  const { pathname, searchParams } = new URL(request.url)
  const [, bucketName = '', ...segments] = pathname.split('/')
  const key = decodeURIComponent(segments.join('/'))
  return { request, headers: request.headers, bucketName, key, query: searchParams }
}

/** Those that a client must send itself; a Request in memory has no Content-Length. */
const headersToSend = ['content-type', 'if-none-match', 'content-md5', 'x-amz-checksum-sha256']

function checkPresigned({ query, headers }: Call): void {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '')
  if (date === null) return
  const [year = 0, month = 0, ...rest] = date.slice(1).map(Number)
  const expires = Date.UTC(year, month - 1, ...rest) + Number(query.get('X-Amz-Expires')) * 1000
  if (Date.now() > expires) throw new Refused(403, 'ExpiredRequest')
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';')
  const isMissing = headersToSend.some((name) => signed.includes(name) && !headers.has(name))
  // The gateway signs a copy source only as empty.
  const isUnsealed = signed.includes('x-amz-copy-source') && headers.get('x-amz-copy-source')
  if (isMissing || isUnsealed) throw new Refused(403, 'SignatureDoesNotMatch')
}

/** The body, which must have the length and the digests that the headers say. */
async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const { headers } = request
  const bytes = new Uint8Array(await request.arrayBuffer())
  const length = headers.get('content-length')
  if (length !== null && Number(length) !== bytes.length) throw new Refused(400, 'IncompleteBody')
  const digest = async (algorithm: string) => new Uint8Array(await crypto.subtle.digest(algorithm, bytes))
  const md5 = headers.get('content-md5')
  if (md5 !== null && md5 !== (await digest('MD5')).toBase64()) throw new Refused(400, 'BadDigest')
  const checksum = headers.get('x-amz-checksum-sha256')
  if (checksum !== null && checksum !== (await digest('SHA-256')).toBase64())
    throw new Refused(400, 'BadDigest')
  const signed = headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD'
  if (signed !== 'UNSIGNED-PAYLOAD' && signed !== (await digest('SHA-256')).toHex())
    throw new Refused(400, 'XAmzContentSHA256Mismatch')
  return bytes
}

function checkParts(
  asked: readonly { partNumber: number; etag: string }[],
  parts: ReadonlyMap<number, Part>,
): void {
  if (asked.length === 0) throw new Refused(400, 'MalformedXML')
  const sizes = asked.map(({ partNumber, etag }, at) => {
    if (at > 0 && partNumber <= (asked[at - 1]?.partNumber ?? 0)) throw new Refused(400, 'InvalidPartOrder')
    const part = parts.get(partNumber)
    if (part?.etag !== etag) throw new Refused(400, 'InvalidPart')
    return part.byteSize
  })
  const last = sizes.pop() ?? 0
  if (sizes.some((size) => size < leastPartBytes)) throw new Refused(400, 'EntityTooSmall')
  // R2: "All non-trailing parts must have the same length." (10048)
  const [first = last] = sizes
  if (sizes.some((size) => size !== first) || last > first) throw new Refused(400, 'InvalidPart')
}

function metadataOf(headers: Headers) {
  const custom = [...headers].filter(([name]) => name.startsWith('x-amz-meta-'))
  return {
    httpMetadata: headers,
    customMetadata: Object.fromEntries(custom.map(([name, value]) => [name.slice(11), value])),
  }
}

function headersOf(object: R2Object, asked: Headers): Headers {
  const headers = new Headers({ etag: object.httpEtag, 'content-length': String(object.size) })
  object.writeHttpMetadata(headers)
  for (const [name, value] of Object.entries(object.customMetadata ?? {}))
    headers.set(`x-amz-meta-${name}`, value)
  const { sha256 } = object.checksums
  if (asked.get('x-amz-checksum-mode') === 'ENABLED' && sha256 !== undefined)
    headers.set('x-amz-checksum-sha256', new Uint8Array(sha256).toBase64())
  return headers
}

function rangeOf(header: string | null, byteSize: number): { offset: number; length: number } | null {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? []
  if (first === undefined) return null
  const offset = Number(first)
  if (offset >= byteSize) throw new Refused(416, 'InvalidRange')
  const end = Math.min(last ? Number(last) : byteSize - 1, byteSize - 1)
  return { offset, length: end - offset + 1 }
}

function etagIs(header: string): R2Conditional {
  return { etagMatches: header.replaceAll('"', '') }
}

type XmlValue = string | number | boolean | readonly { [name: string]: string | number | boolean }[]

function xmlOf(root: string, elements: Record<string, XmlValue>, status = 200): Response {
  const write = (name: string, value: XmlValue): string =>
    typeof value === 'object'
      ? value.map((item) => `<${name}>${writeAll(item)}</${name}>`).join('')
      : `<${name}>${encoded(String(value))}</${name}>`
  const writeAll = (all: Record<string, XmlValue>) =>
    Object.entries(all)
      .map(([name, value]) => write(name, value))
      .join('')
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${writeAll(elements)}</${root}>`
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
}

function elementsOf(xml: string, name: string): string[] {
  return xml
    .split(`<${name}>`)
    .slice(1)
    .map((rest) => rest.split(`</${name}>`)[0] ?? '')
}

function encoded(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (entity, code, name) =>
    code === undefined ? (entities[name] ?? entity) : String.fromCodePoint(Number(code)),
  )
}
