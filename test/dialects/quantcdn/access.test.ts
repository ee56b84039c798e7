import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { base64, filesPath, quantcdn } from '../../support/quantcdn'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const upload = { content: base64('hi'), contentType: 'text/plain' }

describe('credentials in the QuantCDN dialect', () => {
  it('asks for a bearer token', async () => {
    const answer = await startWorker().call('GET', filesPath)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await bodyOf(answer)).toEqual({ error: true, message: expect.any(String) })
  })

  it.each(['nonsense', `slip_${'0'.repeat(16)}_${'A'.repeat(104)}`, 'eyJhbGciOiJub25lIn0.e30.'])(
    'refuses the token %s',
    async (token) => {
      const worker = startWorker()
      await worker.organization()
      const answer = await worker.call('GET', filesPath, { token })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    },
  )

  it('refuses a right key id with a wrong secret', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const answer = await worker.call('GET', filesPath, {
      token: `${token.slice(0, -1)}${token.endsWith('0') ? 1 : 0}`,
    })
    expect(answer.status).toBe(401)
  })

  it("answers alike for another organization's path, for one that is not there, and for the root key", async () => {
    const worker = startWorker()
    const token = await worker.organization('acme')
    await worker.organization('other')
    const answers = await Promise.all([
      worker.call('GET', filesPath.replace('acme', 'other'), { token }),
      worker.call('POST', filesPath.replace('acme', 'nobody'), { token, json: upload }),
      worker.call('GET', filesPath, { token: rootKey }),
    ])
    for (const answer of answers) {
      expect(answer.status).toBe(403)
      expect(await bodyOf(answer)).toEqual({ error: true, message: 'Access denied' })
    }
  })

  it('lets a key do no more than its scopes say', async () => {
    const worker = startWorker()
    const reader = quantcdn(worker, await worker.organization('acme', ['files:read']))
    const writer = quantcdn(worker, await worker.organization('acme', ['files:write']))
    const fileId = await writer.stored('hi')
    expect((await reader.get(fileId)).status).toBe(200)
    expect((await reader.list()).status).toBe(200)
    for (const refused of [await reader.upload(upload), await reader.delete(fileId)]) {
      expect(refused.status).toBe(403)
      expect((await bodyOf(refused)).message).toContain('files:write')
    }
    for (const refused of [await writer.get(fileId), await writer.list()]) expect(refused.status).toBe(403)
  })

  it('believes a verified key for 30 s and no longer after it was revoked', async () => {
    const worker = startWorker()
    const api = quantcdn(worker, await worker.organization())
    expect((await api.list()).status).toBe(200)
    await rows('UPDATE api_keys SET revoked_at = 1')
    expect((await api.list()).status).toBe(200)
    vi.setSystemTime(Date.now() + 30_000)
    expect((await api.list()).status).toBe(401)
  })

  it('refuses a key from the moment it expires, even one verified before', async () => {
    const worker = startWorker()
    await worker.organization()
    const expires = Date.now() + 10_000
    vi.setSystemTime(expires - 10_000)
    const made = await worker.call('POST', '/v1/api-keys', {
      token: rootKey,
      json: { organization: 'acme', expiration_date: new Date(expires).toISOString() },
    })
    const api = quantcdn(worker, (await bodyOf(made)).api_key)
    expect((await api.list()).status).toBe(200)
    vi.setSystemTime(expires)
    expect((await api.list()).status).toBe(401)
  })

  it('notes the last use of a key at most once an hour', async () => {
    const worker = startWorker()
    const api = quantcdn(worker, await worker.organization())
    const lastUse = async () =>
      (await rows<{ last_used_at: number }>('SELECT last_used_at FROM api_keys'))[0]?.last_used_at
    await api.list()
    const first = await lastUse()
    expect(first).toBeGreaterThan(0)
    vi.setSystemTime(Date.now() + 31_000)
    await api.list()
    expect(await lastUse()).toBe(first)
    vi.setSystemTime(Date.now() + 3_600_000)
    await api.list()
    expect(await lastUse()).toBeGreaterThan(first ?? 0)
  })
})

describe('paths of the QuantCDN dialect', () => {
  it('are served in both spellings', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const british = quantcdn(worker, token, filesPath.replace('organizations', 'organisations'))
    const fileId = await british.stored('hi')
    expect((await quantcdn(worker, token).get(fileId)).status).toBe(200)
  })

  it('say which methods they have, and that nothing is below them', async () => {
    const worker = startWorker()
    const api = quantcdn(worker, await worker.organization())
    const wrong = await api.call('PUT', '', { json: upload })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    const wrongToo = await api.call('POST', '/x', { json: upload })
    expect([wrongToo.status, wrongToo.headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE'])
    const nothing = await api.call('GET', '/x/y')
    expect(nothing.status).toBe(404)
    expect(await bodyOf(nothing)).toMatchObject({ error: true })
  })
})

describe('rate limits', () => {
  it('answer 429 with Retry-After, per key', async () => {
    const counts = new Map<string, number>()
    const limiter: RateLimit = {
      async limit({ key }) {
        counts.set(key, (counts.get(key) ?? 0) + 1)
        return { success: (counts.get(key) ?? 0) <= 2 || key === 'root' }
      },
    }
    const worker = startWorker({ RATE_LIMITER: limiter })
    const first = quantcdn(worker, await worker.organization())
    const second = quantcdn(worker, await worker.organization())
    expect([(await first.list()).status, (await first.list()).status]).toEqual([200, 200])
    const refused = await first.list()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await bodyOf(refused)).toMatchObject({ error: true })
    expect((await second.list()).status).toBe(200)
  })

  it('are 1 200 a minute in the configuration that is deployed', async () => {
    const limits = await Promise.all(
      Array.from({ length: 1201 }, () => env.RATE_LIMITER.limit({ key: 'counted' })),
    )
    expect(limits.filter(({ success }) => success)).toHaveLength(1200)
  })
})
