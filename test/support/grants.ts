import { expect } from 'vitest'
import { bodyOf, type CallInit, type TestWorker } from './worker'

export const grantsPath = '/v1/grants'
const origin = 'https://gateway.example.com'

/** A grant that was made, and how its holder calls the gateway. */
export type Held = {
  id: string
  token: string
  url: string
  /** Under the grant's own address. */
  call: (method: string, path: string, init?: CallInit) => Promise<Response>
  create: (json: Record<string, unknown>, headers?: Record<string, string>) => Promise<Response>
  /** The answer to an upload of `text` in one PUT that was begun. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test asserts
  inOne: (text: string, more?: Record<string, unknown>) => Promise<any>
  put: (name: string, body: BodyInit, headers?: Record<string, string>) => Promise<Response>
}

/** A caller of `/v1/grants`. */
export function grants(worker: TestWorker, token: string) {
  const call = (method: string, suffix: string, init: CallInit = {}) =>
    worker.call(method, grantsPath + suffix, { token, ...init })
  return {
    call,
    create: (json: unknown, headers: Record<string, string> = {}) => call('POST', '', { json, headers }),
    get: (id: string) => call('GET', `/${id}`),
    revoke: (id: string) => call('DELETE', `/${id}`),
    /** What has become of a grant. */
    async useOf(id: string) {
      const { filesUsed, bytesUsed } = await bodyOf(await call('GET', `/${id}`))
      return { filesUsed, bytesUsed }
    },
    async hold(terms: Record<string, unknown> = {}): Promise<Held> {
      const answer = await call('POST', '', { json: { maxBytes: 1000, ...terms } })
      expect(answer.status).toBe(201)
      return heldBy(worker, await bodyOf(answer))
    },
  }
}

/** What the holder of `grant` can do, by another isolate's Worker if need be. */
export function heldBy(worker: TestWorker, grant: { id: string; token: string; url: string }): Held {
  const { id, token, url } = grant
  expect(url).toBe(`${origin}/g/${token}`)
  const below = (method: string, path: string, init: CallInit = {}) =>
    worker.call(method, `/g/${token}${path}`, init)
  const create = (json: Record<string, unknown>, headers: Record<string, string> = {}) =>
    below('POST', '/v1/uploads', { json: { filename: 'a.txt', contentType: 'text/plain', ...json }, headers })
  return {
    ...{ id, token, url, create },
    call: below,
    put: (name, body, headers = {}) => below('PUT', `/${name}`, { body, headers }),
    async inOne(text, more = {}) {
      const answer = await create({ size: text.length, ...more })
      expect(answer.status).toBe(201)
      return bodyOf(answer)
    },
  }
}
