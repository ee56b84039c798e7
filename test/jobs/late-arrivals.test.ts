import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { blobOf, directUpload, keyOfUrl } from '../support/direct-upload'
import { expectInvariants } from '../support/invariants'
import { meterBucket, meterDatabase, newMeter } from '../support/metered-bindings'
import { incomingKey, quantcdn } from '../support/quantcdn'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { listingStores, r2, type StoreKind, startOver } from '../support/start-over'
import { answerStoreRequests } from '../support/store-requests'
import { put } from '../support/uploads'
import { type Bindings, bodyOf, objectKeys, rows, startWorker } from '../support/worker'

const minute = 60_000
const hour = 60 * minute

type Started = Awaited<ReturnType<typeof start>>

async function start(store: StoreKind, bindings: Bindings = {}) {
  const over = await startOver(store, bindings)
  return { ...over, files: quantcdn(over.worker, over.token), direct: directUpload(over.worker, over.token) }
}

/** A URL that takes five bytes of text, and the id of its file. */
type Told = { id: string; url: string; headers: Record<string, string> }

const plain = { 'content-type': 'text/plain' }

/** Whose URL puts bytes where they are copied from, and whose puts them where they stay. */
const promises: Record<string, (started: Started) => Promise<Told>> = {
  async QuantCDN({ files }) {
    const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
    const { fileId, uploadUrl } = await bodyOf(await files.upload(json))
    return { id: fileId, url: uploadUrl, headers: plain }
  },
  async '/v1/uploads'({ api }) {
    const { id, url, headers } = await api.inOne('bytes')
    return { id: id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), url, headers }
  },
  async 'Direct Upload'({ direct }) {
    const { key, direct_upload } = await bodyOf(await direct.create(await blobOf('bytes')))
    return { id: key.replace(/^.*\/(.{36}).*$/, '$1'), ...direct_upload }
  },
}

/** How an upload may be over. */
const ends: Record<string, (started: Started, told: Told) => Promise<void>> = {
  async 'settled and deleted'({ files }, told) {
    expect((await put(told, 'bytes')).status).toBe(200)
    expect((await files.get(told.id)).status).toBe(200)
    expect((await files.delete(told.id)).status).toBe(200)
  },
  async 'deleted while it was awaited'({ files }, { id }) {
    expect((await files.delete(id)).status).toBe(200)
  },
  async aborted({ api }, { id }) {
    expect((await api.abort(id)).status).toBe(204)
  },
  async refused({ files }, told) {
    // A store that has let through what was not promised.
    const key = keyOfUrl(told.url)
    await env.BUCKET.put(key, 'too many bytes', { httpMetadata: { contentType: 'text/plain' } })
    expect((await files.get(told.id)).status).toBe(404)
  },
}

describe.each(listingStores)('what lands through a URL whose upload is over: $name', (store) => {
  const cases = Object.keys(promises).flatMap((promise) => Object.keys(ends).map((end) => [promise, end]))

  it.each(cases)(
    '%s, %s: is gone with the next sweep, for as long as the URL works',
    async (promise, end) => {
      const started = await start(store)
      const told = (await promises[promise]?.(started)) ?? expect.fail('no promise')
      await ends[end]?.(started, told)
      expect(await objectKeys()).toEqual([])
      for (let round = 0; round < 3; round++) {
        expect((await put(told, 'bytes')).status).toBe(200)
        expect(await objectKeys()).toHaveLength(1)
        await started.worker.runCron()
        expect(await objectKeys()).toEqual([])
        await expectInvariants({ swept: true })
        vi.setSystemTime(Date.now() + 5 * minute)
      }
    },
  )

  it('of a file that is ready is gone with the next sweep as well, and the file stays', async () => {
    const started = await start(store)
    const told = (await promises.QuantCDN?.(started)) ?? expect.fail('no promise')
    expect((await put(told, 'bytes')).status).toBe(200)
    expect((await started.files.get(told.id)).status).toBe(200)
    expect((await put(told, 'again')).status).toBe(200)
    expect(await objectKeys()).toHaveLength(2)
    await started.worker.runCron()
    expect(await objectKeys()).toHaveLength(1)
    expect((await started.files.get(told.id)).status).toBe(200)
    await expectInvariants({ swept: true })
  })
})

describe('the outbox', () => {
  const listed = () => rows<{ due_at: number; watch_until: number }>('SELECT * FROM object_deletions')

  it.each([0, 1])(
    'keeps a key due while its URL works, then looks again after half of the time left, from an instant %d ms off',
    async (oddMs) => {
      const { worker, api, files } = await start(r2)
      const begunAt = Date.now()
      vi.setSystemTime(begunAt)
      const told = await api.inOne('bytes')
      expect((await api.abort(told.id)).status).toBe(204)
      const watchUntil = begunAt + 25 * hour
      await worker.runCron()
      expect(await listed()).toMatchObject([{ due_at: begunAt, watch_until: watchUntil }])
      const sweptAt = begunAt + hour + oddMs
      vi.setSystemTime(sweptAt)
      await worker.runCron()
      expect(await listed()).toMatchObject([
        { due_at: Math.floor((sweptAt + watchUntil) / 2), watch_until: watchUntil },
      ])
      // Once more when nothing can land any longer.
      const key = keyOfUrl(told.url)
      await env.BUCKET.put(key, 'late!')
      vi.setSystemTime(watchUntil)
      await worker.runCron()
      expect(await listed()).toEqual([])
      expect(await objectKeys()).toEqual([])
      expect((await files.list()).status).toBe(200)
    },
  )

  it('is read without a row being written, however many keys stay due', async () => {
    const { worker, token, api } = await start(r2)
    for (let at = 0; at < 5; at++) await api.abort((await api.inOne('bytes')).id)
    expect(await listed()).toHaveLength(5)
    const meter = newMeter()
    const metered = startWorker({ DB: meterDatabase(env.DB, meter), BUCKET: meterBucket(env.BUCKET, meter) })
    await metered.runCron()
    expect(meter.rowsWritten).toBe(0)
    expect(await listed()).toHaveLength(5)
    expect(token).toBeDefined()
    await worker.runCron()
  })

  /** The bucket, in short pages, of which keys with this in their name can never be deleted. */
  const stuckBucket = (name: string) =>
    new Proxy(env.BUCKET, {
      get(target, member) {
        const value: unknown = Reflect.get(target, member, target)
        if (member === 'list') return (options: R2ListOptions) => target.list({ ...options, limit: 5 })
        if (member !== 'delete') return typeof value === 'function' ? value.bind(target) : value
        return async (keys: string[]) => {
          if (keys.some((key) => key.includes(name))) throw new Error('this one never')
          await target.delete(keys)
        }
      },
    })

  it('gives all keys their turn, although every sweep meets one that cannot be deleted', async () => {
    // Two pages, one of each stuck.
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 510)
       INSERT INTO object_deletions (object_key, due_at, watch_until)
       SELECT 'acme/' || printf('%05d', i) || CASE i % 498 WHEN 7 THEN '-stuck' ELSE '' END, 1, 1 FROM n`,
    ).run()
    for (let round = 0; round < 2; round++) await startWorker({ BUCKET: stuckBucket('-stuck') }).runCron()
    expect(await rows('SELECT count(*) AS n FROM object_deletions')).toEqual([{ n: 2 }])
    expect(await rows(`SELECT count(*) AS n FROM object_deletions WHERE due_at <= ${Date.now()}`)).toEqual([
      { n: 0 },
    ])
    expect(await rows('SELECT * FROM sweep_positions')).toEqual([])
  })

  it('gives incoming keys their turn, although one cannot be deleted', async () => {
    const key = (at: number) => `_incoming/acme/01900000-0000-7000-8000-${String(at).padStart(12, '0')}`
    for (let at = 0; at < 8; at++) await env.BUCKET.put(key(at), 'late')
    const stuck = () => startWorker({ BUCKET: stuckBucket(key(3)) })
    await stuck().runCron()
    expect(await rows('SELECT step, position FROM sweep_positions')).toEqual([
      { step: 'incoming', position: key(4) },
    ])
    await stuck().runCron()
    expect(await objectKeys()).toEqual([key(3)])
    await startWorker().runCron()
    expect(await objectKeys()).toEqual([])
    expect(await rows('SELECT * FROM sweep_positions')).toEqual([])
  })
})

describe('the listing of incoming objects', () => {
  it('takes away only what has exactly the form of an upload’s own key, and is not awaited', async () => {
    const worker = startWorker()
    const files = quantcdn(worker, await worker.organization())
    const json = { requestUploadUrl: true, contentType: 'text/plain' }
    const awaited = incomingKey((await bodyOf(await files.upload(json))).s3Key)
    const id = '01900000-0000-7000-8000-000000000001'
    const foreign = [
      `_incoming/acme/${id}.txt`,
      `_incoming/acme/${id.toUpperCase().replace('7000', '7ABC')}`,
      `_incoming/acme/${id}/part`,
      `_incoming/Acme/${id}`,
      '_incoming/report.csv',
      `acme/${id}`,
      `elsewhere/_incoming/acme/${id}`,
    ]
    const stray = `_incoming/acme/${id}`
    for (const key of [...foreign, stray, awaited]) await env.BUCKET.put(key, 'bytes')
    await worker.runCron()
    expect((await objectKeys()).sort()).toEqual([...foreign, awaited].sort())
  })

  it('goes through a long prefix in pages, within what an invocation may ask for', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET, { pageSize: 5 }))
    const worker = startWorker({ BUCKET: undefined })
    const files = quantcdn(worker, await worker.organization())
    const keys: string[] = []
    for (let at = 0; at < 12; at++) {
      const { s3Key, fileId } = await bodyOf(
        await files.upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }),
      )
      keys.push(incomingKey(s3Key))
      await env.BUCKET.put(incomingKey(s3Key), 'bytes', { httpMetadata: { contentType: 'text/plain' } })
      if (at % 2 === 0)
        await env.DB.prepare("DELETE FROM uploads WHERE file_id = unhex(?1, '-')").bind(fileId).run()
    }
    await worker.runCron()
    expect((await objectKeys()).sort()).toEqual(keys.filter((_, at) => at % 2 === 1).sort())
    expect(await rows('SELECT * FROM sweep_positions')).toEqual([])
  })

  it('is left out, with a word in the log, where the store cannot list', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET, { listsObjects: false }))
    const log = vi.spyOn(console, 'log')
    await startWorker({ BUCKET: undefined }).runCron()
    const lines = log.mock.calls.map(([line]) => JSON.parse(line))
    expect(lines).toContainEqual(expect.objectContaining({ event: 'incoming_not_listable' }))
    expect(lines).toContainEqual(expect.objectContaining({ event: 'sweep', errors: 0 }))
  })
})
