import { env } from 'cloudflare:workers'
import { createSignedIds } from '../../src/core/files/signed-id'
import type { FileId, OrganizationId } from '../../src/core/ids'
import { blobOf, directPath } from './direct-upload'
import { base64, filesPath } from './quantcdn'
import type { StoreKind } from './start-over'
import { type Bindings, bodyOf, type TestWorker } from './worker'

/** What a client was told: where to PUT, and with which headers. */
export type Told = { url: string; headers: Record<string, string> }

/** A file that was promised, and the URLs that were handed out for it. */
export type Promised = {
  fileId: string
  /** Where it was promised to be in the end. */
  key: string
  told: Told[]
  /** Asks for the URLs again, in every way that there is. */
  askAgain: () => Promise<Told[]>
}

/** A way to have a place for bytes promised; `text` is what will be put there. */
export type Promising = {
  name: string
  bindings: Bindings
  /** The client puts the bytes elsewhere first. */
  isPromoted: (kind: StoreKind) => boolean
  promise: (worker: TestWorker, token: string, text: string) => Promise<Promised>
}

const always = () => true
const once = { 'idempotency-key': 'once' }
const json = async (answer: Promise<Response>) => {
  const response = await answer
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return bodyOf(response)
}

function quantcdnPromise(name: string, sealsSize: boolean): Promising {
  return {
    name,
    bindings: {},
    isPromoted: always,
    async promise(worker, token, text) {
      const size = sealsSize ? { size: text.length } : {}
      const request = { requestUploadUrl: true, contentType: 'text/plain', ...size }
      const ask = () => json(worker.call('POST', filesPath, { token, headers: once, json: request }))
      const told = ({ uploadUrl }: { uploadUrl: string }) => [plain(uploadUrl)]
      const first = await ask()
      const askAgain = async () => told(await ask())
      return { fileId: first.fileId, key: first.s3Key, told: told(first), askAgain }
    },
  }
}

const ctxfyPromise: Promising = {
  name: 'Ctxfy',
  bindings: {},
  isPromoted: always,
  async promise(worker, token, text) {
    const request = { filename: 'a.txt', contentType: 'text/plain', size: text.length }
    const ask = () => json(worker.call('POST', '/v1/upload/s3', { token, headers: once, json: request }))
    const told = ({ uploadUrl }: { uploadUrl: string }) => [plain(uploadUrl)]
    const first = await ask()
    const askAgain = async () => told(await ask())
    return { fileId: fileIdIn(first.fileKey), key: first.fileKey, told: told(first), askAgain }
  },
}

function directPromise(algorithm: 'MD5' | 'SHA-256', writeOnce: boolean): Promising {
  return {
    name: `Direct Upload, ${algorithm}, write once ${writeOnce}`,
    bindings: { S3_WRITE_ONCE: String(writeOnce) },
    isPromoted: ({ sealsCopySource }) => !(writeOnce && sealsCopySource),
    async promise(worker, token, text) {
      const blob = await blobOf(text, {}, { algorithm })
      const ask = () => json(worker.call('POST', directPath, { token, headers: once, json: { blob } }))
      const first = await ask()
      const askAgain = async () => {
        const again = await ask()
        const looked = await json(worker.call('GET', `${directPath}/${first.signed_id}`, { token }))
        return [again.direct_upload, ...(looked.direct_upload ? [looked.direct_upload] : [])]
      }
      return { fileId: fileIdIn(first.key), key: first.key, told: [first.direct_upload], askAgain }
    },
  }
}

function uploadsPromise(checksum: 'md5' | 'sha256' | null, writeOnce: boolean): Promising {
  return {
    name: `/v1/uploads, ${checksum ?? 'no checksum'}, write once ${writeOnce}`,
    bindings: { S3_WRITE_ONCE: String(writeOnce) },
    isPromoted: ({ sealsCopySource }) => !(writeOnce && sealsCopySource),
    async promise(worker, token, text) {
      const bytes = new TextEncoder().encode(text)
      const digest = async (algorithm: string) => new Uint8Array(await crypto.subtle.digest(algorithm, bytes))
      const promised = {
        md5: { md5: (await digest('MD5')).toBase64() },
        sha256: { sha256: (await digest('SHA-256')).toHex() },
        none: {},
      }[checksum ?? 'none']
      const request = { filename: 'a.txt', contentType: 'text/plain', size: text.length, ...promised }
      const ask = () => json(worker.call('POST', '/v1/uploads', { token, headers: once, json: request }))
      const told = ({ url, headers }: Told) => [{ url, headers }]
      const first = await ask()
      const fileId = plainIdOf(first.id)
      return {
        fileId,
        key: `acme/${fileId}.txt`,
        told: told(first),
        askAgain: async () => told(await ask()),
      }
    },
  }
}

/** The least part of S3 and R2. */
export const leastPartBytes = 5 * 1024 ** 2

const multipartPromise: Promising = {
  name: '/v1/uploads, in parts',
  bindings: {},
  isPromoted: () => false,
  async promise(worker, token, text) {
    const request = { filename: 'a.txt', contentType: 'text/plain', size: text.length }
    const inParts = { multipart: true, partSize: leastPartBytes }
    const ask = () =>
      json(worker.call('POST', '/v1/uploads', { token, headers: once, json: { ...request, ...inParts } }))
    const first = await ask()
    const fileId = plainIdOf(first.id)
    const askAgain = async () => {
      const signed = await worker.call('POST', `/v1/uploads/${first.id}/parts`, {
        token,
        json: { partNumbers: [1, 2] },
      })
      // Nothing is signed for an upload that is over.
      return [...(await ask()).parts, ...(signed.ok ? (await bodyOf(signed)).parts : [])]
    }
    return { fileId, key: `acme/${fileId}.txt`, told: first.parts, askAgain }
  },
}

/** Every way in which URLs are handed out for one PUT. */
export const singlePutPromises: readonly Promising[] = [
  quantcdnPromise('QuantCDN with a size', true),
  quantcdnPromise('QuantCDN without a size', false),
  ctxfyPromise,
  ...[true, false].flatMap((writeOnce) => [
    directPromise('MD5', writeOnce),
    directPromise('SHA-256', writeOnce),
    uploadsPromise('md5', writeOnce),
    uploadsPromise('sha256', writeOnce),
    uploadsPromise(null, writeOnce),
  ]),
]

/** The one for parts. */
export const inPartsPromise: Promising = multipartPromise

function plain(url: string): Told {
  return { url, headers: { 'Content-Type': 'text/plain' } }
}

function fileIdIn(key: string): string {
  return /[0-9a-f-]{36}/.exec(key)?.[0] ?? ''
}

function plainIdOf(id: string): string {
  return id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The id that Cuadra and /v1/uploads know a file by. */
export function prefixedId(fileId: string): string {
  return `file_${fileId.replaceAll('-', '')}`
}

/** Where the URL puts. */
export function keyIn({ url }: Told): string {
  return new URL(url).pathname.replace('/slipway/', '')
}

/** What a client does with what it was told; the answer's status. */
export async function putTo(told: Told, body: string, more: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(told.url, { method: 'PUT', headers: { ...told.headers, ...more }, body })
  await answer.arrayBuffer()
  return answer.status
}

/**
 * The bytes of a ready file through every way there is to read them, by the name of the way. `isPublic`: also as
 * everyone reads it. No copy at the edge answers.
 */
export async function readEverywhere(
  worker: TestWorker,
  token: string,
  { fileId, key }: Pick<Promised, 'fileId' | 'key'>,
  { isPublic }: { isPublic: boolean },
): Promise<Record<string, string>> {
  const get = (path: string) => worker.call('GET', path, { token })
  const follow = async (answer: Response) => (await fetch(answer.headers.get('location') ?? '')).text()
  const signed = await createSignedIds([env.SIGNING_SECRET]).sign({
    fileId: fileId as FileId,
    organizationId: 'acme' as OrganizationId,
    purpose: 'blob',
    expiresAt: null,
  })
  const content = `/v1/files/${prefixedId(fileId)}/content`
  const seen: Record<string, string> = {
    quantcdn: await (await fetch((await json(get(`${filesPath}/${fileId}`))).url)).text(),
    blob: await follow(await get(`/api/v1/blobs/${signed}/a.txt`)),
    redirect: await follow(await get(content)),
    content: await (await get(`${content}?redirect=false`)).text(),
    object: (await (await env.BUCKET.get(key))?.text()) ?? '',
  }
  if (isPublic) {
    await caches.default.delete(`https://gateway.example.com/public/acme/${fileId}`)
    seen.public = await (await worker.call('GET', `/public/${key}`)).text()
  }
  return seen
}

/** An object of another organization, which no caller of `acme` may read. */
export async function otherOrganizationsKey(worker: TestWorker, text: string): Promise<string> {
  const token = await worker.organization('other')
  const path = '/api/v3/organizations/other/ai/files'
  const body = { content: base64(text), contentType: 'text/plain' }
  const { s3Uri } = await json(worker.call('POST', path, { token, json: body }))
  return s3Uri.replace('s3://slipway/', '')
}
