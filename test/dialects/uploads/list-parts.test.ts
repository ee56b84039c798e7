import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { listingStores, r2, startOver, stores } from '../../support/start-over'
import { partBytes, put, putParts, twoParts, uploads } from '../../support/uploads'
import { bodyOf, rows } from '../../support/worker'

const day = 24 * 3_600_000

describe('GET /v1/uploads/{id}/parts', () => {
  it.each(listingStores)(
    'says which parts the store has, so that a client can resume: $name',
    async (store) => {
      const { api } = await startOver(store)
      const size = 2 * partBytes + 3
      const bytes = bytesOf(size)
      const { id, parts } = await api.inParts(size)
      expect(await bodyOf(await api.parts(id))).toEqual({ parts: [] })
      const [third] = await putParts([parts[2]], bytes)
      const [first] = await putParts([parts[0]], bytes)
      const answer = await api.parts(id)
      expect(answer.status).toBe(200)
      expect(await bodyOf(answer)).toEqual({
        parts: [
          { partNumber: 1, size: partBytes, etag: first?.etag.replaceAll('"', '') },
          { partNumber: 3, size: 3, etag: third?.etag.replaceAll('"', '') },
        ],
      })
      // As a client does that was started anew.
      const has = new Set(
        (await bodyOf(await api.parts(id))).parts.map((part: { partNumber: number }) => part.partNumber),
      )
      const left = [1, 2, 3].filter((number) => !has.has(number))
      await putParts((await bodyOf(await api.sign(id, left))).parts, bytes)
      expect(await bodyOf(await api.complete(id))).toMatchObject({ sizeBytes: size, status: 'ready' })
    },
  )

  it('says the last of a part that was sent twice', async () => {
    const { api } = await startOver(r2)
    const { id, parts } = await api.inParts()
    await put(parts[1], 'one')
    const [last] = await putParts([parts[1]], bytesOf(twoParts))
    expect((await bodyOf(await api.parts(id))).parts).toEqual([
      { partNumber: 2, size: 3, etag: last?.etag.replaceAll('"', '') },
    ])
  })

  it.each(stores.filter(({ lists }) => !lists))('is 501 where the store cannot say: $name', async (store) => {
    const { api } = await startOver(store)
    const { id } = await api.inParts()
    const answer = await api.parts(id)
    expect(answer.status).toBe(501)
    expect(await bodyOf(answer)).toMatchObject({ status: 501, detail: expect.stringContaining('list') })
  })

  it('is 503 when the store fails, which is something else', async () => {
    const { api } = await startOver(r2, {}, async (name, call) =>
      name === 's3.listParts' ? new Response('', { status: 500 }) : call(),
    )
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const { id } = await api.inParts()
    expect((await api.parts(id)).status).toBe(503)
  })

  it('is empty when the store has given the parts up', async () => {
    const { api } = await startOver(r2, {}, async (name, call) =>
      name === 's3.listParts'
        ? new Response('<Error><Code>NoSuchUpload</Code></Error>', { status: 404 })
        : call(),
    )
    const { id } = await api.inParts()
    expect(await bodyOf(await api.parts(id))).toEqual({ parts: [] })
  })

  it.each(listingStores)('is 409 for one PUT and for what is over: $name', async (store) => {
    const { api } = await startOver(store)
    const single = await api.inOne('hello')
    const done = await api.inParts()
    await putParts(done.parts, bytesOf(twoParts))
    await api.complete(done.id)
    const aborted = await api.inParts()
    await api.abort(aborted.id)
    for (const { id } of [single, done, aborted]) expect((await api.parts(id)).status).toBe(409)
    const expired = await api.inParts()
    vi.setSystemTime(Date.now() + 7 * day)
    expect((await api.parts(expired.id)).status).toBe(409)
  })

  it('is 404 for what is not there, and for what is another organization’s', async () => {
    const { api, worker, asked } = await startOver(r2)
    const { id } = await api.inParts()
    const theirs = uploads(worker, await worker.organization('other'))
    asked.length = 0
    for (const name of [id, `file_${'0'.repeat(32)}`, 'x']) {
      const answer = await theirs.parts(name)
      expect(answer.status).toBe(404)
      expect((await bodyOf(answer)).detail).toBe('There is no such file')
    }
    expect(asked).toEqual([])
    expect(await rows('SELECT method FROM uploads')).toEqual([{ method: 'multipart' }])
  })
})
