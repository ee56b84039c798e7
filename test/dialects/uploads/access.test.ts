import { describe, expect, it } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver, stores } from '../../support/start-over'
import { uploads, uploadsPath } from '../../support/uploads'
import { bodyOf, rootKey, rows, type TestWorker } from '../../support/worker'

/** Every operation on the upload `id`, with how it is asked for. */
const operations = (worker: TestWorker, token: string, id: string) => {
  const api = uploads(worker, token)
  return {
    create: () => api.create({ filename: 'a', contentType: 'text/plain', size: 5 }),
    get: () => api.get(id),
    sign: () => api.sign(id, [1]),
    parts: () => api.parts(id),
    complete: () => api.complete(id),
    abort: () => api.abort(id),
  }
}
const writes = ['create', 'sign', 'complete', 'abort'] as const
const reads = ['get', 'parts'] as const

describe('credentials of /v1/uploads', () => {
  it.each([undefined, '', 'nonsense', 'slip_0000000000_x'])('are asked for: %j', async (token) => {
    const { worker, api } = await startOver(r2)
    const { id } = await api.inParts()
    for (const [method, path] of [
      ['POST', ''],
      ['GET', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/parts`],
      ['POST', `/${id}/parts`],
      ['POST', `/${id}/complete`],
      ['GET', '/nowhere/at/all'],
    ] as const) {
      const answer = await worker.call(method, uploadsPath + path, token === undefined ? {} : { token })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await bodyOf(answer)).toMatchObject({ status: 401, title: 'Unauthorized' })
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('that may only read see status and parts, and no URL', async () => {
    const { worker, api } = await startOver(r2)
    const { id } = await api.inParts()
    const reader = operations(worker, await worker.organization('acme', ['files:read']), id)
    for (const name of reads) {
      const answer = await reader[name]()
      expect(answer.status, name).toBe(200)
      expect(await answer.text(), name).not.toContain('X-Amz')
    }
    for (const name of writes) {
      const answer = await reader[name]()
      expect(answer.status, name).toBe(403)
      expect(await bodyOf(answer)).toMatchObject({ detail: 'Missing required scope: files:write' })
    }
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading' })
  })

  it('that may only write see no status and no parts', async () => {
    const { worker, api } = await startOver(r2)
    const { id } = await api.inParts()
    const writer = operations(worker, await worker.organization('acme', ['files:write']), id)
    for (const name of reads) expect((await writer[name]()).status, name).toBe(403)
    expect((await writer.create()).status).toBe(201)
    expect((await writer.sign()).status).toBe(200)
    expect((await writer.complete()).status).toBe(409)
    expect((await writer.abort()).status).toBe(204)
  })

  it('that administer an organization, or all, upload nothing', async () => {
    const { worker, api } = await startOver(r2)
    const { id } = await api.inParts()
    for (const token of [rootKey, await worker.organization('acme', ['org:admin'])]) {
      const caller = operations(worker, token, id)
      for (const name of [...reads, ...writes]) expect((await caller[name]()).status, name).toBe(403)
    }
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading' })
  })
})

describe('another organization', () => {
  it.each(stores)(
    'cannot tell an upload from one that never was, and changes nothing: $name',
    async (store) => {
      const { worker, api, asked } = await startOver(store)
      const { id } = await api.inParts()
      const token = await worker.organization('other')
      const unknown = `file_${'0'.repeat(31)}1`
      asked.length = 0
      for (const name of ['get', 'sign', 'parts', 'complete', 'abort'] as const) {
        const [theirs, nobodys] = [
          await operations(worker, token, id)[name](),
          await operations(worker, token, unknown)[name](),
        ]
        expect([theirs.status, nobodys.status]).toEqual([404, 404])
        const [one, other] = [await theirs.text(), await nobodys.text()]
        expect(one.replace(id, '')).toBe(other.replace(unknown, ''))
      }
      expect(asked).toEqual([])
      expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading' })
      await expectInvariants({ swept: false })
    },
  )

  it('has its own Idempotency-Keys', async () => {
    const { worker, api } = await startOver(r2)
    const theirs = uploads(worker, await worker.organization('other'))
    const [json, once] = [{ filename: 'a', contentType: 'text/plain', size: 5 }, { 'idempotency-key': 'k' }]
    const [mine, other] = [await api.create(json, once), await theirs.create({ ...json, size: 6 }, once)]
    expect([mine.status, other.status]).toEqual([201, 201])
    expect((await bodyOf(mine)).id).not.toBe((await bodyOf(other)).id)
  })
})
