import { expect } from 'vitest'
import { locationOf } from './tus'
import type { CallInit, TestWorker } from './worker'

export const resumablePath = '/v1/resumable'
export const partialUpload = 'application/partial-upload'

type Headers = Record<string, string>

/** A caller of `/v1/resumable`, with a key, or under a grant's own address (`below`). */
export function resumable(worker: TestWorker, token?: string, below = '') {
  const call = (method: string, path: string, init: CallInit = {}) =>
    worker.call(method, path, { ...(token === undefined ? {} : { token }), ...init })
  const create = (headers: Headers, body?: BodyInit) =>
    call('POST', below + resumablePath, { headers, ...(body === undefined ? {} : { body }) })
  return {
    call,
    create,
    append: (upload: string, offset: number, complete: '?0' | '?1', body: BodyInit, headers: Headers = {}) =>
      call('PATCH', upload, {
        headers: {
          'upload-offset': String(offset),
          'upload-complete': complete,
          'content-type': partialUpload,
          ...(typeof body === 'string' ? { 'content-length': String(body.length) } : {}),
          ...headers,
        },
        body,
      }),
    head: (upload: string, headers: Headers = {}) => call('HEAD', upload, { headers }),
    cancel: (upload: string) => call('DELETE', upload),
    /** The path of an upload of `length` bytes (null: not told) that was begun. */
    async begun(length: number | null, headers: Headers = {}): Promise<string> {
      const told: Headers = length === null ? {} : { 'upload-length': String(length) }
      const answer = await create({ 'upload-complete': '?0', ...told, ...headers })
      expect(answer.status).toBe(201)
      return locationOf(answer)
    },
  }
}

/** A digest field with the SHA-256 of `text`. */
export async function digestField(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `sha-256=:${new Uint8Array(hash).toBase64()}:`
}
