import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server of the tus protocol does as it should, unless a test makes it do otherwise. */
const habits = {
  extensions:
    'creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation',
  algorithms: 'sha1,md5',
  versions: '1.0.0',
  cacheControl: 'no-store',
  exposed: 'Location, Upload-Offset, Upload-Length',
  appended: 204,
  /** Milliseconds. */
  lifetime: 3_600_000,
  integer: (text: string | undefined) => (text && /^\d{1,15}$/.test(text) ? Number(text) : null),
  /** Null: refused. */
  metadata: (given: string): string | null => (isMetadata(given) ? given : null),
  stored: (bytes: Buffer) => bytes,
  order: (parts: Upload[]) => parts,
  readsOverride: true,
  asksVersion: true,
  tellsVersion: true,
  asksType: true,
  comparesOffset: true,
  comparesLength: true,
  fixesLength: true,
  comparesChecksum: true,
  keepsOffsetOfWrongBytes: true,
  keepsCutBytes: true,
  oneAppender: true,
  takesOver: true,
  forgetsTerminated: true,
}

export type Habits = typeof habits

interface Upload {
  bytes: Buffer
  length: number | null
  metadata: string | undefined
  concat: string | undefined
  expires: Date
  gone: boolean
  appender: { received: Buffer[]; request: IncomingMessage; whole: boolean } | null
}

/** A tus server in memory: small, and as the protocol says, but for what is given. */
export async function startSmallTusServer(
  unlike: Partial<Habits> = {},
): Promise<{ url: string; stop: () => void }> {
  const server = new SmallTusServer({ ...habits, ...unlike })
  const http = createServer((request, response) => void server.answer(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/files/`
  const stop = () => {
    http.closeAllConnections()
    http.close()
  }
  return { url, stop }
}

/** Ends a request with a status. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number) {
    super(`refused with ${status}`)
    this.status = status
  }
}

class SmallTusServer {
  readonly #habits: Habits
  readonly #uploads = new Map<string, Upload>()

  constructor(own: Habits) {
    this.#habits = own
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { versions, asksVersion, tellsVersion, readsOverride, exposed } = this.#habits
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Expose-Headers', exposed)
    response.setHeader('Tus-Resumable', '1.0.0')
    const override = readsOverride ? request.headers['x-http-method-override'] : undefined
    const method = override?.toString() ?? request.method ?? ''
    try {
      if (asksVersion && !/^(OPTIONS|GET)$/.test(method) && request.headers['tus-resumable'] !== '1.0.0') {
        response.setHeader('Tus-Version', versions)
        throw new Refusal(412)
      }
      await this.#methods[method]?.(request, response)
      if (!response.headersSent) response.writeHead(404).end()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!tellsVersion) response.removeHeader('Tus-Resumable')
      response.writeHead(error.status).end()
    }
  }

  readonly #methods: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    OPTIONS: (_, response) => {
      const { versions, extensions, algorithms } = this.#habits
      response.setHeader('Tus-Version', versions)
      if (extensions) response.setHeader('Tus-Extension', extensions)
      response.setHeader('Tus-Max-Size', String(2 ** 40))
      response.setHeader('Tus-Checksum-Algorithm', algorithms)
      response.setHeader('Access-Control-Allow-Methods', 'POST, HEAD, PATCH, DELETE')
      const names = `${'tus-resumable upload-length upload-metadata upload-offset content-type upload-defer-length upload-checksum'} upload-concat authorization x-requested-with x-request-id x-http-method-override`
      response.setHeader('Access-Control-Allow-Headers', names.replaceAll(' ', ', '))
      response.writeHead(204).end()
    },
    POST: (request, response) => this.#create(request, response),
    HEAD: (request, response) => {
      const upload = this.#find(request)
      if (this.#habits.takesOver) this.#takeOver(upload)
      const { bytes, length, metadata, concat } = upload
      response.setHeader('Cache-Control', this.#habits.cacheControl)
      response.setHeader('Upload-Offset', bytes.length)
      if (length === null) response.setHeader('Upload-Defer-Length', '1')
      else response.setHeader('Upload-Length', length)
      if (metadata !== undefined) response.setHeader('Upload-Metadata', metadata)
      if (concat !== undefined) response.setHeader('Upload-Concat', concat)
      this.#tellExpiry(upload, response)
      response.writeHead(200).end()
    },
    PATCH: async (request, response) => {
      const upload = this.#find(request)
      const { integer, comparesOffset, asksType, appended, fixesLength } = this.#habits
      const offset = integer(request.headers['upload-offset']?.toString())
      if (upload.concat?.startsWith('final')) throw new Refusal(403)
      if (offset === null) throw new Refusal(400)
      if (asksType && request.headers['content-type'] !== 'application/offset+octet-stream')
        throw new Refusal(415)
      if (comparesOffset && offset !== upload.bytes.length) throw new Refusal(409)
      const length = request.headers['upload-length']
      if (length !== undefined && fixesLength && upload.length !== null) throw new Refusal(400)
      if (length !== undefined) upload.length = this.#newLength(length.toString(), upload.bytes.length)
      await this.#append(upload, request)
      response.setHeader('Upload-Offset', upload.bytes.length)
      this.#tellExpiry(upload, response)
      response.writeHead(appended).end()
    },
    DELETE: (request, response) => {
      const upload = this.#find(request)
      if (this.#habits.forgetsTerminated) upload.gone = true
      response.writeHead(204).end()
    },
    GET: (request, response) => {
      const { bytes, length } = this.#find(request)
      if (bytes.length !== length) throw new Refusal(404)
      response.end(this.#habits.stored(bytes))
    },
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request
    const [length, deferred] = [headers['upload-length']?.toString(), headers['upload-defer-length']]
    const concat = headers['upload-concat']?.toString()
    const final = concat?.startsWith('final;') ? this.#parts(concat) : null
    if (!final && (length === undefined) === (deferred === undefined)) throw new Refusal(400)
    if (deferred !== undefined && deferred !== '1') throw new Refusal(400)
    const given = headers['upload-metadata']?.toString()
    const metadata = given === undefined ? undefined : this.#habits.metadata(given)
    if (metadata === null) throw new Refusal(400)
    const bytes = final ? Buffer.concat(final.map((part) => part.bytes)) : Buffer.alloc(0)
    const upload: Upload = {
      bytes,
      length: final ? bytes.length : length === undefined ? null : this.#newLength(length, 0),
      metadata,
      concat,
      expires: new Date(Date.now() + this.#habits.lifetime),
      gone: false,
      appender: null,
    }
    const id = randomUUID()
    this.#uploads.set(id, upload)
    if (headers['content-type'] === 'application/offset+octet-stream') {
      await this.#append(upload, request)
      response.setHeader('Upload-Offset', upload.bytes.length)
    }
    this.#tellExpiry(upload, response)
    response.writeHead(201, { Location: `/files/${id}` }).end()
  }

  /** Reads the body, and adds it to the upload if it is as was announced. */
  async #append(upload: Upload, request: IncomingMessage): Promise<void> {
    const { comparesLength, keepsCutBytes, oneAppender } = this.#habits
    if (upload.appender && oneAppender) throw new Refusal(423)
    const trailed = request.headers.trailer !== undefined
    const appender = {
      received: [] as Buffer[],
      request,
      whole: trailed || request.headers['upload-checksum'] !== undefined,
    }
    upload.appender = appender
    try {
      for await (const chunk of request) appender.received.push(chunk)
      if (oneAppender && upload.appender !== appender) throw new Refusal(423)
      const bytes = Buffer.concat(appender.received)
      if (appender.whole) this.#verify(upload, bytes, request)
      if (comparesLength && bytes.length > room(upload)) throw new Refusal(413)
      upload.bytes = Buffer.concat([upload.bytes, bytes])
    } catch (error) {
      if (!(error instanceof Refusal) && upload.appender === appender && keepsCutBytes) this.#keep(upload)
      throw error instanceof Refusal ? error : new Refusal(400)
    } finally {
      if (upload.appender === appender) upload.appender = null
    }
  }

  #verify(upload: Upload, bytes: Buffer, request: IncomingMessage): void {
    const { algorithms, comparesChecksum, keepsOffsetOfWrongBytes } = this.#habits
    const given = request.headers['upload-checksum'] ?? request.trailers['upload-checksum'] ?? ''
    const [name = '', digest = '', ...more] = given.toString().split(' ')
    if (!algorithms.split(',').includes(name) || !digest || more.length > 0) throw new Refusal(400)
    const right = createHash(name).update(bytes).digest('base64') === digest
    if (right || !comparesChecksum) return
    if (!keepsOffsetOfWrongBytes) upload.bytes = Buffer.concat([upload.bytes, bytes])
    throw new Refusal(460)
  }

  /** Ends an append that is under way, and keeps what has come of it. */
  #takeOver(upload: Upload): void {
    const { appender } = upload
    if (!appender) return
    this.#keep(upload)
    upload.appender = null
    appender.request.destroy()
  }

  #keep(upload: Upload): void {
    const { received = [], whole = false } = upload.appender ?? {}
    if (!whole)
      upload.bytes = Buffer.concat([upload.bytes, ...received]).subarray(0, upload.length ?? undefined)
  }

  #newLength(text: string, least: number): number {
    const length = this.#habits.integer(text)
    if (length === null || length < least) throw new Refusal(400)
    if (length > 2 ** 40) throw new Refusal(413)
    return length
  }

  #parts(concat: string): Upload[] {
    const parts = concat.slice(6).split(' ')
    const uploads = parts.map((url) => this.#uploads.get(url.slice(url.lastIndexOf('/') + 1)))
    const there = uploads.filter((upload) => upload?.bytes.length === upload?.length && upload !== undefined)
    if (there.length !== parts.length) throw new Refusal(400)
    return this.#habits.order(there as Upload[])
  }

  #find(request: IncomingMessage): Upload {
    const upload = this.#uploads.get(request.url?.slice('/files/'.length) ?? '')
    if (!upload) throw new Refusal(404)
    const over = upload.bytes.length !== upload.length && upload.expires.getTime() < Date.now()
    if (upload.gone || over) throw new Refusal(410)
    return upload
  }

  #tellExpiry({ bytes, length, expires }: Upload, response: ServerResponse): void {
    if (bytes.length !== length) response.setHeader('Upload-Expires', expires.toUTCString())
  }
}

function room({ bytes, length }: Upload): number {
  return length === null ? Number.POSITIVE_INFINITY : length - bytes.length
}

function isMetadata(value: string): boolean {
  const pairs = value.split(',').map((pair) => pair.split(' '))
  const keys = new Set(pairs.map(([key]) => key))
  return (
    keys.size === pairs.length &&
    pairs.every(([key, text = '', ...more]) => key && more.length === 0 && /^[\w+/]*={0,2}$/.test(text))
  )
}
