import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ctxfy, keyIdOf, keysPath } from '../../support/ctxfy'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

/** An admin key of acme and, beside it, `more` keys that it made. */
async function start(more = 0) {
  const worker = startWorker()
  const token = await worker.organization()
  const api = ctxfy(worker, token)
  const made: string[] = []
  for (let at = 0; at < more; at++) made.push((await bodyOf(await api.createKey({ name: `key ${at}` }))).id)
  return { worker, token, api, made }
}

const idsOf = (body: { api_keys: { id: string }[] }) => body.api_keys.map(({ id }) => id)

describe('GET /v1/api-keys: 200', () => {
  it('shows the keys of the organization, newest first, and never a secret', async () => {
    const { api, token, made } = await start(2)
    const answer = await api.listKeys()
    expect(answer.status).toBe(200)
    const text = await answer.text()
    const body = JSON.parse(text)
    expect(body).toEqual({
      api_keys: [expect.anything(), expect.anything(), expect.anything()],
      pagination: { page: 1, per_page: 20, total: 3, pages: 1 },
    })
    expect(idsOf(body)).toEqual([...made.toReversed(), keyIdOf(token)])
    expect(body.api_keys[0]).toEqual({
      id: made[1],
      key_prefix: `slip_${made[1]}`,
      name: 'key 1',
      expiration_date: null,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      revoked_at: null,
      last_used_at: null,
      scopes: ['files:read', 'files:write'],
    })
    // The key that asks was used.
    expect(body.api_keys[2].last_used_at).toMatch(/^\d{4}-.*Z$/)
    const stored = await rows<{ secret_sha256: string }>('SELECT secret_sha256 FROM api_keys')
    for (const secret of [token.split('_')[2], ...stored.map((row) => row.secret_sha256)])
      expect(text).not.toContain(secret)
  })

  it('orders by time of creation, and by order of creation within a millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { api, token, made } = await start(4)
    vi.setSystemTime(Date.now() - 60_000)
    const older = (await bodyOf(await api.createKey())).id
    expect(idsOf(await bodyOf(await api.listKeys()))).toEqual([...made.toReversed(), keyIdOf(token), older])
  })

  it('pages through all of them, each once', async () => {
    const { api, token, made } = await start(6)
    const seen: string[] = []
    for (let page = 1; page <= 3; page++) {
      const body = await bodyOf(await api.listKeys({ page: String(page), per_page: '3' }))
      expect(body.pagination).toEqual({ page, per_page: 3, total: 7, pages: 3 })
      seen.push(...idsOf(body))
    }
    expect(seen).toEqual([...made.toReversed(), keyIdOf(token)])
    const beyond = await bodyOf(await api.listKeys({ page: '999999999', per_page: '100' }))
    expect(beyond).toEqual({
      api_keys: [],
      pagination: { page: 999_999_999, per_page: 100, total: 7, pages: 1 },
    })
  })

  it('takes empty parameters for absent ones', async () => {
    const { api } = await start()
    const body = await bodyOf(await api.listKeys({ page: '', per_page: '', organization: '' }))
    expect(body.pagination).toEqual({ page: 1, per_page: 20, total: 1, pages: 1 })
  })

  it('shows the root key the organization it names, also when that has no keys', async () => {
    const { worker, token } = await start()
    const root = ctxfy(worker, rootKey)
    expect(idsOf(await bodyOf(await root.listKeys({ organization: 'acme' })))).toEqual([keyIdOf(token)])
    await worker.call('PUT', '/v1/organizations/empty', { token: rootKey, json: { name: 'Empty' } })
    expect(await bodyOf(await root.listKeys({ organization: 'empty' }))).toEqual({
      api_keys: [],
      pagination: { page: 1, per_page: 20, total: 0, pages: 0 },
    })
  })

  it('lets a key name its own organization', async () => {
    const { api } = await start()
    expect((await api.listKeys({ organization: 'acme' })).status).toBe(200)
  })
})

describe('GET /v1/api-keys: refusals', () => {
  it.each([
    ['page', '0'],
    ['page', '-1'],
    ['page', '1.5'],
    ['page', 'x'],
    ['page', '1000000000'],
    ['page', '99999999999999999999'],
    ['per_page', '0'],
    ['per_page', '101'],
    ['per_page', '1e1'],
    ['per_page', ' 5'],
  ])('400 names %s when it is %s', async (field, value) => {
    const { api } = await start()
    const answer = await api.listKeys({ [field]: value })
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ error: 'Bad Request', code: 400, details: [{ field }] })
  })

  it('400 to the root key that names no organization', async () => {
    const { worker } = await start()
    const answer = await ctxfy(worker, rootKey).listKeys()
    expect([answer.status, (await bodyOf(answer)).details[0].field]).toEqual([400, 'organization'])
  })

  it('401 without a key', async () => {
    const answer = await startWorker().call('GET', keysPath)
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([401, 'Unauthorized'])
  })

  it('403 without org:admin', async () => {
    const worker = startWorker()
    const token = await worker.organization('acme', ['files:read', 'files:write'])
    const answer = await ctxfy(worker, token).listKeys()
    expect(answer.status).toBe(403)
    expect(await bodyOf(answer)).toEqual({
      error: 'Forbidden',
      message: expect.stringContaining('org:admin'),
      code: 403,
    })
  })

  it('404 alike for another organization and for one that is not there', async () => {
    const { worker, api } = await start()
    await worker.organization('other')
    const answers = [
      await api.listKeys({ organization: 'other' }),
      await api.listKeys({ organization: 'nobody' }),
      await api.listKeys({ organization: 'No Such Name' }),
      await ctxfy(worker, rootKey).listKeys({ organization: 'nobody' }),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(404)
      expect(await bodyOf(answer)).toEqual({
        error: 'Not Found',
        message: 'There is no such organization',
        code: 404,
      })
    }
  })
})

describe('GET /v1/api-keys, whatever it is asked', () => {
  it('never shows, or counts, a key of another organization, and never makes a 5xx', async () => {
    const { worker, api, token, made } = await start(2)
    const others = ctxfy(worker, await worker.organization('other'))
    for (let at = 0; at < 3; at++) await others.createKey()
    const own = new Set([...made, keyIdOf(token)])
    const number = fc.oneof(fc.integer({ min: 1, max: 5 }).map(String), fc.integer().map(String), fc.string())
    const query = fc.record(
      { page: number, per_page: number, organization: fc.constantFrom('acme', 'other', '', "' OR 1=1 --") },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        const answer = await api.listKeys(asked)
        const body = await bodyOf(answer)
        if (answer.status !== 200) {
          expect([400, 404]).toContain(answer.status)
          return
        }
        expect(body.pagination.total).toBe(own.size)
        for (const id of idsOf(body)) expect(own.has(id)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})
