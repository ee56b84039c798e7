import { expect } from 'vitest'
import { boundary, formBytes } from './cuadra'
import type { CallInit, TestWorker } from './worker'

export const filepondPath = '/filepond'

type Headers = Record<string, string>

/** What the widget sends to its `server`, with a key, or under a grant's own address (`below`). */
export function filepond(worker: TestWorker, token?: string, below = '') {
  const call = (method: string, query: string, init: CallInit = {}) =>
    worker.call(method, below + filepondPath + query, { ...(token === undefined ? {} : { token }), ...init })
  const store = (...parts: Parameters<typeof formBytes>[0]) =>
    call('POST', '', {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: formBytes(parts),
    })
  /** An upload of `length` bytes in chunks: the form that comes along has metadata or nothing. */
  const begin = (length: number, headers: Headers = {}) =>
    call('POST', '', {
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'upload-length': String(length),
        ...headers,
      },
      body: formBytes([{ name: 'filepond', content: '{}' }]),
    })
  return {
    call,
    store,
    begin,
    async begun(length: number): Promise<string> {
      const answer = await begin(length)
      expect(answer.status).toBe(201)
      return answer.text()
    },
    patch: (id: string, offset: number, length: number, body: BodyInit, headers: Headers = {}) =>
      call('PATCH', `?patch=${id}`, {
        headers: {
          'content-type': 'application/offset+octet-stream',
          'upload-offset': String(offset),
          'upload-length': String(length),
          'upload-name': 'a.txt',
          ...(typeof body === 'string' ? { 'content-length': String(body.length) } : {}),
          ...headers,
        },
        body,
      }),
    head: (id: string) => call('HEAD', `?patch=${id}`),
    load: (id: string, headers: Headers = {}) => call('GET', `?load=${id}`, { headers }),
    revert: (id: string) => call('DELETE', '', { body: id }),
  }
}
