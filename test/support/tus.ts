import { expect } from 'vitest'
import type { CallInit, TestWorker } from './worker'

export const tusPath = '/tus'
export const offsetStream = 'application/offset+octet-stream'
export const version = { 'tus-resumable': '1.0.0' }

type Headers = Record<string, string>

/** `Upload-Metadata` with these values. */
export function uploadMetadata(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${new TextEncoder().encode(value).toBase64()}`.trimEnd())
    .join(',')
}

/**
 * A caller of `/tus`, with a key, or under a grant's own address (`below`). Uploads are named by the path of their `Location`.
 */
export function tus(worker: TestWorker, token?: string, below = '') {
  const call = (method: string, path: string, init: CallInit = {}) =>
    worker.call(method, path, {
      ...(token === undefined ? {} : { token }),
      ...init,
      headers: { ...version, ...init.headers },
    })
  const create = (headers: Headers, body?: BodyInit) =>
    call('POST', below + tusPath, {
      headers: { ...(body === undefined ? {} : { 'content-type': offsetStream }), ...headers },
      ...(body === undefined ? {} : { body }),
    })
  return {
    call,
    create,
    patch: (upload: string, offset: number, body: BodyInit, headers: Headers = {}) =>
      call('PATCH', upload, {
        headers: { 'upload-offset': String(offset), 'content-type': offsetStream, ...headers },
        body,
      }),
    head: (upload: string) => call('HEAD', upload),
    end: (upload: string) => call('DELETE', upload),
    /** The path of an upload of `length` bytes (null: not told yet) that was begun. */
    async begun(length: number | null, headers: Headers = {}): Promise<string> {
      const told: Headers =
        length === null ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) }
      const answer = await create({ ...told, ...headers })
      expect(answer.status).toBe(201)
      return locationOf(answer)
    },
  }
}

/** The path that an answer names. */
export function locationOf(answer: Response): string {
  return new URL(answer.headers.get('location') ?? '').pathname
}

/** The path of the file of `upload` in `/v1/files`. */
export function filePathOf(upload: string): string {
  return `/v1/files/${upload.split('/').at(-1)}`
}

/** The headers of `answer` that are `named`; null where it has none. */
export function headersOf(answer: Response, ...named: string[]): (string | null)[] {
  return named.map((name) => answer.headers.get(name))
}
