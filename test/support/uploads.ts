import { expect } from 'vitest'
import { bodyOf, type CallInit, type TestWorker } from './worker'

export const uploadsPath = '/v1/uploads'
export const storeOrigin = 'https://store.example.com'

/** The least size of a part, and one byte count that takes two of them. */
export const partBytes = 5 * 1024 ** 2
export const twoParts = partBytes + 3
export const gibibyte = 1024 ** 3
export const tebibyte = 1024 ** 4

export type SignedPart = { partNumber: number; url: string; headers: Record<string, string>; size: number }
export type NamedPart = { partNumber: number; etag: string }

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
