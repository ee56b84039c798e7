import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { pngBytes } from '../../support/quantcdn'
import { listingStores, r2, startOver, stores } from '../../support/start-over'
import { binary, partBytes, put, putParts, twoParts, uploads } from '../../support/uploads'
import { bodyOf, objectKeys, rows } from '../../support/worker'

const bytes = bytesOf(twoParts)
const hour = 3_600_000
const day = 24 * hour

const promised = () => rows('SELECT reserved_bytes, pending_uploads FROM organizations')
const nothing = [{ reserved_bytes: 0, pending_uploads: 0 }]

describe('DELETE /v1/uploads/{id}', () => {
  it.each(stores)('gives one PUT up, with bytes that have come: $name', async (store) => {
    const { api } = await startOver(store)
    const [early, late] = [await api.inOne('hello'), await api.inOne('hello')]
    await put(late, 'hello')
    expect(await promised()).toEqual([{ reserved_bytes: 10, pending_uploads: 2 }])
    for (const { id } of [early, late]) {
      const answer = await api.abort(id)
      expect(answer.status).toBe(204)
      expect(await answer.text()).toBe('')
      expect(await bodyOf(await api.get(id))).toEqual({ id, status: 'failed', error: 'aborted' })
    }
    expect(await promised()).toEqual(nothing)
    expect(await objectKeys()).toEqual([])
  })

  it.each(stores)('gives an upload in parts up, and the store lets its parts go: $name', async (store) => {
    const { api, multiparts } = await startOver(store)
    const { id, parts } = await api.inParts()
    await putParts(parts, bytes)
    expect(multiparts()).toHaveLength(1)
    expect((await api.abort(id)).status).toBe(204)
    expect(multiparts()).toEqual([])
    expect(await bodyOf(await api.get(id))).toEqual({ id, status: 'failed', error: 'aborted' })
    expect(await promised()).toEqual(nothing)
    expect((await put(parts[0], bytes.slice(0, partBytes))).status).toBe(404)
  })

  it.each(listingStores)('also by its plain id, and as often as it is asked to: $name', async (store) => {
    const { api } = await startOver(store)
    const { id } = await api.inParts()
    const plain = id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    for (const name of [plain, id, plain.toUpperCase()]) expect((await api.abort(name)).status).toBe(204)
    expect(await promised()).toEqual(nothing)
  })

  it('is over for what was refused or never came, too', async () => {
    const { api, worker } = await startOver(r2)
    const refused = await api.inOne('x'.repeat(pngBytes.length), { contentType: 'application/pdf' })
    await put(refused, pngBytes)
    await api.complete(refused.id)
    const late = await api.inOne('hello')
    vi.setSystemTime(Date.now() + day)
    await worker.runCron()
    for (const [{ id }, status] of [
      [refused, 'error'],
      [late, 'failed'],
    ] as const) {
      expect((await api.abort(id)).status).toBe(204)
      expect(await bodyOf(await api.get(id))).toMatchObject({ status })
    }
  })

  it.each(listingStores)('is 409 once the file is ready, which it stays: $name', async (store) => {
    const { api } = await startOver(store)
    const single = await api.inOne('hello')
    await put(single, 'hello')
    const inParts = await api.inParts()
    await putParts(inParts.parts, bytes)
    for (const { id } of [single, inParts]) {
      expect((await api.complete(id)).status).toBe(200)
      const answer = await api.abort(id)
      expect(answer.status).toBe(409)
      expect((await bodyOf(answer)).detail).toContain('ready')
      expect((await api.complete(id)).status).toBe(200)
    }
    expect(await objectKeys()).toHaveLength(2)
    await expectInvariants({ swept: true })
  })

  it('is 404 for what is not there, was deleted, or is another organization’s', async () => {
    const { api, worker, token, multiparts } = await startOver(r2)
    const { id } = await api.inParts()
    const deleted = await api.inOne('hello')
    await worker.call('DELETE', `/v1/files/${deleted.id}`, { token })
    expect((await api.abort(deleted.id)).status).toBe(404)
    const theirs = uploads(worker, await worker.organization('other'))
    for (const name of [id, `file_${'0'.repeat(32)}`, 'x']) {
      const answer = await theirs.abort(name)
      expect(answer.status).toBe(404)
      expect((await bodyOf(answer)).detail).toBe('There is no such file')
    }
    expect(multiparts()).toHaveLength(1)
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading' })
  })

  it.each(listingStores)(
    'and complete at the same time leave a ready file or nothing: $name',
    async (store) => {
      const { api, worker, multiparts } = await startOver(store)
      const seen = new Set<string>()
      for (let round = 0; round < 6; round++) {
        const upload = round % 2 === 0 ? await api.inOne('hello') : await api.inParts()
        if ('parts' in upload) await putParts(upload.parts, bytes)
        else await put(upload, 'hello')
        const order = round % 3 === 0 ? ['abort', 'complete'] : ['complete', 'abort', 'complete']
        const answers = await Promise.all(
          order.map((step) => (step === 'abort' ? api.abort(upload.id) : api.complete(upload.id))),
        )
        for (const { status } of answers) expect([200, 204, 409, 422]).toContain(status)
        const { status } = await bodyOf(await api.get(upload.id))
        seen.add(status)
        const aborted = answers[order.indexOf('abort')]?.status
        expect(aborted).toBe(status === 'ready' ? 409 : 204)
        await expectInvariants({ swept: false })
      }
      vi.setSystemTime(Date.now() + 9 * day)
      for (let round = 0; round < 3; round++) await worker.runCron()
      expect(await promised()).toEqual(nothing)
      expect(multiparts()).toEqual([])
      await expectInvariants({ swept: true })
    },
  )

  it('that comes while the file becomes ready deletes none of its bytes', async () => {
    const { api, start, token } = await startOver(r2)
    const upload = await api.inOne('hello')
    await put(upload, 'hello')
    // Between the look at the file and the end of the upload another client completes it.
    const calls = recordCalls()
    let isCompleted = false
    const database = interceptDatabase(env.DB, calls)
    const racing = new Proxy(database, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (name !== 'batch') return typeof member === 'function' ? member.bind(target) : member
        return async (statements: D1PreparedStatement[]) => {
          if (!isCompleted) {
            isCompleted = true
            expect((await api.complete(upload.id)).status).toBe(200)
          }
          return target.batch(statements)
        }
      },
    })
    expect((await uploads(start({ DB: racing }), token).abort(upload.id)).status).toBe(409)
    expect(isCompleted).toBe(true)
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })
})

describe('what lands after an abort', () => {
  it.each(stores)('under the URL of one PUT is gone after the sweep: $name', async (store) => {
    const { api, worker } = await startOver(store)
    const upload = await api.inOne('hello')
    await api.abort(upload.id)
    expect((await put(upload, 'hello')).status).toBe(200)
    expect(await objectKeys()).toHaveLength(1)
    vi.setSystemTime(Date.now() + 25 * hour)
    await worker.runCron()
    expect(await objectKeys()).toEqual([])
    expect(await rows('SELECT * FROM object_deletions')).toEqual([])
    await expectInvariants({ swept: true })
  })

  it.each(stores)('as a part that was under way goes when the sweep aborts again: $name', async (store) => {
    let aborts = 0
    const { api, worker, multiparts } = await startOver(store, {}, async (name, call) =>
      // The store let the upload live on because of that part.
      name === 's3.abortMultipart' && aborts++ === 0 ? new Response(null, { status: 204 }) : call(),
    )
    const { id, parts } = await api.inParts()
    await api.abort(id)
    expect((await put(parts[0], bytes.slice(0, partBytes))).status).toBe(200)
    expect(multiparts()).toHaveLength(1)
    vi.setSystemTime(Date.now() + 4 * day)
    await worker.runCron()
    expect(multiparts()).toEqual([])
    vi.setSystemTime(Date.now() + 9 * day)
    await worker.runCron()
    expect(await rows('SELECT * FROM object_deletions')).toEqual([])
  })

  it('as a completion that was under way is gone after the sweep', async () => {
    let api: ReturnType<typeof uploads> | undefined
    let isAborted = false
    const over = await startOver(r2, {}, async (name, call) => {
      const answer = await call()
      if (name !== 's3.listParts' || isAborted) return answer
      isAborted = true
      // Not seen by the store before the completion.
      await rows("UPDATE uploads SET multipart_id = 'another'")
      await api?.abort(id)
      return answer
    })
    api = over.api
    const { id, parts } = await api.inParts()
    await putParts(parts, bytes)
    const answer = await api.complete(id)
    expect(answer.status).toBe(422)
    expect((await bodyOf(answer)).detail).toContain('aborted')
    vi.setSystemTime(Date.now() + 9 * day)
    for (let round = 0; round < 2; round++) await over.worker.runCron()
    expect(await objectKeys()).toEqual([])
    expect(await promised()).toEqual(nothing)
    await expectInvariants({ swept: true })
  })

  it.each(listingStores)(
    'is nothing when the store is away for the abort: the sweep makes up for it: $name',
    async (store) => {
      let isAway = true
      const { api, worker, multiparts } = await startOver(store, {}, async (name, call) =>
        isAway && name === 's3.abortMultipart' ? new Response('', { status: 500 }) : call(),
      )
      vi.spyOn(console, 'log').mockImplementation(() => {})
      const { id, parts } = await api.inParts()
      await putParts(parts, bytes)
      expect((await api.abort(id)).status).toBe(204)
      expect(await promised()).toEqual(nothing)
      expect(multiparts()).toHaveLength(1)
      isAway = false
      vi.setSystemTime(Date.now() + hour)
      await worker.runCron()
      expect(multiparts()).toEqual([])
    },
  )

  it('is free quota at once', async () => {
    const { api, worker } = await startOver(r2)
    await worker.organization('acme', undefined, twoParts)
    const { id } = await api.inParts()
    expect((await api.create({ ...binary, size: 1 })).status).toBe(402)
    await api.abort(id)
    expect((await api.create({ ...binary, size: twoParts })).status).toBe(201)
  })
})
