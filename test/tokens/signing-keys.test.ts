import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  jwtVariables,
  newSigningKey,
  type SigningKey,
  signToken,
  startIdentityProvider,
} from '../support/identity-provider'
import { captureLogs } from '../support/logs'
import { base64, filesPath } from '../support/quantcdn'
import { bodyOf, rootKey, startWorker, type TestWorker } from '../support/worker'

let first: SigningKey
let second: SigningKey
let provider: ReturnType<typeof startIdentityProvider>
let worker: TestWorker

beforeAll(async () => {
  first = await newSigningKey('first')
  second = await newSigningKey('second')
})

beforeEach(async () => {
  provider = startIdentityProvider([first])
  worker = startWorker(jwtVariables)
  await worker.organization('acme')
})

/** The answer's status to a token that was never sent before. */
async function statusOf(signer: SigningKey, init?: Parameters<typeof signToken>[1]): Promise<number> {
  const claims = { jti: crypto.randomUUID(), ...init?.claims }
  const token = await signToken(signer, { ...init, claims })
  return (await worker.call('GET', filesPath, { token })).status
}

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe("the provider's keys", () => {
  it('are fetched once for many requests', async () => {
    for (let request = 0; request < 10; request++) expect(await statusOf(first)).toBe(200)
    expect(provider.fetched).toBe(1)
  })

  it('are not fetched for API keys, the root key, or what is no token', async () => {
    const token = await worker.organization('acme')
    expect((await worker.call('GET', filesPath, { token })).status).toBe(200)
    for (const other of [rootKey, 'nonsense', 'a.b', 'a.b.c', 'a.b.c.d', '...', '..'])
      expect((await worker.call('GET', filesPath, { token: other })).status).toBeLessThan(500)
    expect(provider.fetched).toBe(0)
  })

  it('are found by many first requests at once', async () => {
    const statuses = await Promise.all(Array.from({ length: 8 }, () => statusOf(first)))
    expect(statuses).toEqual(Array(8).fill(200))
    expect(await statusOf(first)).toBe(200)
    expect(provider.fetched).toBeLessThanOrEqual(8)
  })

  it('are not waited for by a request that finds another one waiting', async () => {
    const slow = Promise.withResolvers<Response>()
    provider.answer(() => slow.promise)
    const waiting = statusOf(first)
    await vi.waitFor(() => expect(provider.fetched).toBe(1))
    provider.publish([first.jwk])
    expect(await statusOf(first)).toBe(200)
    expect(await Promise.race([waiting, 'still waiting'])).toBe('still waiting')
    slow.resolve(Response.json({ keys: [first.jwk] }))
    expect(await waiting).toBe(200)
  })

  it('may be rotated: a new key is found as soon as a token names it, and the old one lives while it is published', async () => {
    expect(await statusOf(first)).toBe(200)
    provider.publish([first.jwk, second.jwk])
    pass(30_001)
    expect(await statusOf(second)).toBe(200)
    expect(await statusOf(first)).toBe(200)
    expect(provider.fetched).toBe(2)
  })

  it('are believed for ten minutes: a withdrawn key is refused after that', async () => {
    expect(await statusOf(first)).toBe(200)
    provider.publish([second.jwk])
    pass(599_000)
    expect(await statusOf(first)).toBe(200)
    pass(2_000)
    expect(await statusOf(first)).toBe(401)
    expect(provider.fetched).toBe(2)
  })

  it('are not asked for again and again by tokens with unknown keys', async () => {
    const unknown = () => statusOf(first, { header: { kid: crypto.randomUUID() } })
    for (let request = 0; request < 10; request++) expect(await unknown()).toBe(401)
    expect(provider.fetched).toBe(1)
    pass(30_001)
    for (let request = 0; request < 10; request++) expect(await unknown()).toBe(401)
    expect(provider.fetched).toBe(2)
  })
})

describe('an identity provider that does not answer', () => {
  const outages: [name: string, answer: () => Response | Promise<Response>][] = [
    ['is out of reach', () => Promise.reject(new TypeError('connection refused'))],
    ['answers 500', () => new Response('down', { status: 500 })],
    ['answers 200 with a page', () => new Response('<html>')],
    ['answers JSON that is no key set', () => Response.json({ keys: 'none' })],
    ['redirects', () => Response.redirect('https://evil.example/jwks.json')],
    [
      'publishes a key that is none',
      () => Response.json({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'first', x: 'AA', y: 'AA' }] }),
    ],
  ]
  it.each(outages)(
    'because it %s is our failure, logged with its cause and without the token',
    async (_, answer) => {
      provider.answer(answer)
      const logs = captureLogs()
      const token = await signToken(first)
      const calls = [
        worker.call('GET', filesPath, { token }),
        worker.call('GET', '/v1/organizations/acme', { token }),
        worker.call('POST', '/v1/api-keys', { token, json: {} }),
      ]
      const shapes = [{ error: true }, { title: 'Service Unavailable', status: 503 }, { code: 500 }]
      const statuses = [500, 503, 500]
      for (const [index, call] of calls.entries()) {
        const refused = await call
        const text = await refused.text()
        expect(refused.status).toBe(statuses[index])
        expect(JSON.parse(text)).toMatchObject(shapes[index] ?? {})
        for (const part of token.split('.')) expect(text).not.toContain(part)
      }
      const failures = logs.events().filter(({ event }) => event === 'request_failed')
      expect(failures).toHaveLength(3)
      for (const failure of failures)
        expect(failure).toMatchObject({
          failure: { code: 'identity_provider_failed' },
          cause: { cause: { message: expect.stringMatching(/./) } },
        })
      for (const part of token.split('.')) expect(logs.text()).not.toContain(part)
    },
  )

  it('within five seconds is not waited for any longer', async () => {
    captureLogs()
    // jose's own limit, reached by its signal: the answer never comes.
    const limit = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation(() => AbortSignal.abort(new DOMException('too late', 'TimeoutError')))
    vi.mocked(fetch).mockImplementation(
      (_, init) =>
        new Promise((_resolve, reject) => {
          if (init?.signal?.aborted) reject(init.signal.reason)
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        }),
    )
    expect(await statusOf(first)).toBe(500)
    expect(limit).toHaveBeenCalledWith(5_000)
  })

  it('does no harm to API keys, nor to tokens whose key is known', async () => {
    const token = await worker.organization('acme')
    expect(await statusOf(first)).toBe(200)
    provider.answer(() => new Response(null, { status: 503 }))
    pass(60_000)
    expect((await worker.call('GET', filesPath, { token })).status).toBe(200)
    expect(await statusOf(first)).toBe(200)
    captureLogs()
    expect(await statusOf(second)).toBe(500)
    expect(await statusOf(first)).toBe(200)
  })

  it('is asked again after five seconds, not at every request', async () => {
    captureLogs()
    provider.answer(() => new Response(null, { status: 503 }))
    for (let request = 0; request < 5; request++) expect(await statusOf(first)).toBe(500)
    expect(provider.fetched).toBe(1)
    provider.publish([first.jwk])
    pass(4_000)
    expect(await statusOf(first)).toBe(500)
    pass(1_000)
    expect(await statusOf(first)).toBe(200)
    expect(provider.fetched).toBe(2)
  })

  it('leaves nothing behind of an upload', async () => {
    captureLogs()
    provider.answer(() => new Response(null, { status: 503 }))
    const json = { content: base64('x'), contentType: 'text/plain' }
    const failed = await worker.call('POST', filesPath, { token: await signToken(first), json })
    expect(failed.status).toBe(500)
    const token = await worker.organization('acme')
    expect(await bodyOf(await worker.call('GET', filesPath, { token }))).toMatchObject({ files: [] })
  })
})
