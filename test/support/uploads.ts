import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { createS3OverBucket, type S3Operation } from './s3-over-bucket'
import { answerStoreRequests, type StoreHook } from './store-requests'
import { type Bindings, bodyOf, type CallInit, startWorker, type TestWorker } from './worker'

export const uploadsPath = '/v1/uploads'
export const storeOrigin = 'https://store.example.com'

/** The least size of a part, and one byte count that takes two of them. */
export const partBytes = 5 * 1024 ** 2
export const twoParts = partBytes + 3
export const gibibyte = 1024 ** 3
export const tebibyte = 1024 ** 4

/** A store as the gateway may meet it: with an R2 binding beside the endpoint or without, able to list or not. */
export type StoreKind = { name: string; hasBinding: boolean; lists: boolean }

export const listingStores: StoreKind[] = [
  { name: 'R2 with its binding', hasBinding: true, lists: true },
  { name: 'an S3 store', hasBinding: false, lists: true },
]
export const stores: StoreKind[] = [
  ...listingStores,
  { name: 'R2 with its binding, that cannot list parts', hasBinding: true, lists: false },
  { name: 'an S3 store that cannot list parts', hasBinding: false, lists: false },
]

export type SignedPart = { partNumber: number; url: string; headers: Record<string, string>; size: number }
export type NamedPart = { partNumber: number; etag: string }

/** A Worker over `store`, with an organization, and a look into the store itself. `vi.restoreAllMocks()` ends it. */
export async function startOver(store: StoreKind, bindings: Bindings = {}, hook?: StoreHook) {
  const s3 = createS3OverBucket(env.BUCKET)
  /** What the gateway and its clients asked of the S3 endpoint, in order. */
  const asked: S3Operation[] = []
  answerStoreRequests(s3, {
    async hook(name, call) {
      asked.push(name)
      if (!store.lists && (name === 's3.listParts' || name === 's3.listMultiparts'))
        return new Response('<Error><Code>NotImplemented</Code></Error>', { status: 501 })
      return hook ? hook(name, call) : call()
    },
  })
  const start = (more: Bindings = {}) =>
    startWorker({ ...(store.hasBinding ? {} : { BUCKET: undefined }), ...bindings, ...more })
  const worker = start()
  const token = await worker.organization()
  return {
    worker,
    token,
    /** Another isolate over the same storage. */
    start,
    asked,
    api: uploads(worker, token),
    /** The multipart uploads that the store has not ended, whether it would list them to others or not. */
    async multiparts(): Promise<string[]> {
      const answer = await s3.fetch(new Request(`${storeOrigin}/slipway?uploads=`))
      return [...(await answer.text()).matchAll(/<UploadId>([^<]*)</g)].map(([, id = '']) => id)
    },
  }
}

/** A caller of `/v1/uploads`. */
export function uploads(worker: TestWorker, token: string) {
  const call = (method: string, suffix: string, init: CallInit = {}) =>
    worker.call(method, uploadsPath + suffix, { token, ...init })
  const create = (json: unknown, headers: Record<string, string> = {}) => call('POST', '', { json, headers })
  return {
    call,
    create,
    get: (id: string) => call('GET', `/${id}`),
    sign: (id: string, partNumbers: unknown) => call('POST', `/${id}/parts`, { json: { partNumbers } }),
    parts: (id: string) => call('GET', `/${id}/parts`),
    complete: (id: string, parts?: unknown) =>
      call('POST', `/${id}/complete`, parts === undefined ? {} : { json: { parts } }),
    abort: (id: string) => call('DELETE', `/${id}`),
    /** The answer to an upload of `size` bytes in parts of 5 MiB that was begun. */
    async inParts(size = twoParts, more: Record<string, unknown> = {}) {
      const answer = await create({ ...binary, size, multipart: true, partSize: partBytes, ...more })
      expect(answer.status).toBe(201)
      return bodyOf(answer)
    },
    /** The answer to an upload of `text` in one PUT that was begun. */
    async inOne(text: string, more: Record<string, unknown> = {}) {
      const answer = await create({ ...textFile, size: text.length, ...more })
      expect(answer.status).toBe(201)
      return bodyOf(answer)
    },
  }
}

export const binary = { filename: 'a.bin', contentType: 'application/octet-stream' }
export const textFile = { filename: 'a.txt', contentType: 'text/plain' }

/** What a client does with an answer's `url` and `headers`. The answer's body is read. */
export async function put(
  { url, headers }: { url: string; headers: Record<string, string> },
  bytes: BodyInit,
  more: Record<string, string> = {},
): Promise<Response> {
  const answer = await fetch(url, { method: 'PUT', headers: { ...headers, ...more }, body: bytes })
  await answer.arrayBuffer()
  return answer
}

/** Sends the parts that `bytes` has, and returns what their answers said of them, with the ETags' quotes. */
export async function putParts(
  parts: readonly SignedPart[],
  bytes: Uint8Array<ArrayBuffer>,
): Promise<NamedPart[]> {
  const named: NamedPart[] = []
  for (const part of parts) {
    const from = (part.partNumber - 1) * partBytes
    const answer = await put(part, bytes.slice(from, from + part.size))
    expect(answer.status).toBe(200)
    named.push({ partNumber: part.partNumber, etag: answer.headers.get('etag') ?? '' })
  }
  return named
}

/** The names of the headers that `url` signs. */
export function signedHeadersOf(url: string): string[] {
  return new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';') ?? []
}

/** How many seconds `url` lives. */
export function lifetimeOf(url: string): number {
  return Number(new URL(url).searchParams.get('X-Amz-Expires'))
}
