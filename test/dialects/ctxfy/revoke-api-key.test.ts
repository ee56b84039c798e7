import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ctxfy, keyIdOf, keysPath } from '../../support/ctxfy'
import { filesPath } from '../../support/quantcdn'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const api = ctxfy(worker, token)
  const made = await bodyOf(await api.createKey({ name: 'ci', scopes: ['files:read'] }))
  const works = async (key: string, through = worker) =>
    (await through.call('GET', filesPath, { token: key })).status === 200
  return { worker, token, api, made, works }
}

describe('DELETE /v1/api-keys/{id}: 200', () => {
  it('answers with the revoked key, and never with a secret', async () => {
    const { api, made } = await start()
    const answer = await api.revokeKey(made.id)
    expect(answer.status).toBe(200)
    const { api_key, ...shown } = made
    expect(await bodyOf(answer)).toEqual({ ...shown, revoked_at: expect.stringMatching(/^\d{4}-.*Z$/) })
  })

  it('gives the same answer a second time, also later, and to a race', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { api, made } = await start()
    const first = await bodyOf(await api.revokeKey(made.id))
    vi.setSystemTime(Date.now() + 3_600_000)
    const again = await Promise.all(Array.from({ length: 4 }, () => api.revokeKey(made.id)))
    for (const answer of again) {
      expect(answer.status).toBe(200)
      expect(await bodyOf(answer)).toEqual(first)
    }
  })

  it('works at once in the isolate that revoked', async () => {
    const { api, made, works } = await start()
    expect(await works(made.api_key)).toBe(true)
    await api.revokeKey(made.id)
    expect(await works(made.api_key)).toBe(false)
  })

  it('leaves other keys verified as they were', async () => {
    const { api, made, token, works } = await start()
    const other = await bodyOf(await api.createKey())
    expect(await works(other.api_key)).toBe(true)
    await api.revokeKey(made.id)
    expect([await works(other.api_key), await works(token)]).toEqual([true, true])
    expect(await rows('SELECT id FROM api_keys WHERE revoked_at IS NOT NULL')).toEqual([{ id: made.id }])
  })

  it('works within 30 s in an isolate that has verified the key before', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { api, made, works } = await start()
    const elsewhere = startWorker()
    expect(await works(made.api_key, elsewhere)).toBe(true)
    await api.revokeKey(made.id)
    vi.setSystemTime(Date.now() + 30_000)
    expect(await works(made.api_key, elsewhere)).toBe(false)
  })

  it('is told in the list', async () => {
    const { api, made } = await start()
    const { revoked_at } = await bodyOf(await api.revokeKey(made.id))
    const { api_keys } = await bodyOf(await api.listKeys())
    expect(api_keys.find(({ id }: { id: string }) => id === made.id).revoked_at).toBe(revoked_at)
  })

  it('lets the root key revoke any key', async () => {
    const { worker, made, works } = await start()
    expect((await ctxfy(worker, rootKey).revokeKey(made.id)).status).toBe(200)
    expect(await works(made.api_key)).toBe(false)
  })

  it('lets a key revoke itself', async () => {
    const { api, token, works } = await start()
    expect((await api.revokeKey(keyIdOf(token))).status).toBe(200)
    expect(await works(token)).toBe(false)
  })
})

describe('DELETE /v1/api-keys/{id}: refusals', () => {
  it('401 without a key', async () => {
    const { worker, made, works } = await start()
    expect((await worker.call('DELETE', `${keysPath}/${made.id}`)).status).toBe(401)
    expect(await works(made.api_key)).toBe(true)
  })

  it('403 without org:admin, also for its own key', async () => {
    const { worker, made, works } = await start()
    const answer = await ctxfy(worker, made.api_key).revokeKey(made.id)
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([403, 'Forbidden'])
    expect(await works(made.api_key)).toBe(true)
  })

  it("404 alike for another organization's key and for one that is not there, and revokes nothing", async () => {
    const { worker, made } = await start()
    const other = ctxfy(worker, await worker.organization('other'))
    for (const answer of [
      await other.revokeKey(made.id),
      await other.revokeKey('0'.repeat(16)),
      await ctxfy(worker, rootKey).revokeKey('0'.repeat(16)),
    ]) {
      expect(answer.status).toBe(404)
      expect(await bodyOf(answer)).toEqual({
        error: 'Not Found',
        message: 'There is no such API key',
        code: 404,
      })
    }
    expect(await rows('SELECT id FROM api_keys WHERE revoked_at IS NOT NULL')).toEqual([])
  })

  it('404 or 405 for whatever else stands in the path, and never a 5xx', async () => {
    const { api } = await start()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (id) => {
        const answer = await api.revokeKey(encodeURIComponent(id.toWellFormed()))
        expect([404, 405]).toContain(answer.status)
      }),
      { numRuns: 60 },
    )
    expect(await rows('SELECT id FROM api_keys WHERE revoked_at IS NOT NULL')).toEqual([])
  })
})
