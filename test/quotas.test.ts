import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { cuadra, plainId, textFile } from './support/cuadra'
import { interceptBucket, interceptDatabase, recordCalls } from './support/intercept'
import { expectInvariants } from './support/invariants'
import { base64, incomingKey, quantcdn } from './support/quantcdn'
import { createS3OverBucket } from './support/s3-over-bucket'
import { answerStoreRequests } from './support/store-requests'
import {
  type Bindings,
  bodyOf,
  objectKeys,
  rootKey,
  rows,
  startWorker,
  type TestWorker,
} from './support/worker'

const hour = 3_600_000
const partBytes = 5 * 1024 ** 2

type Usage = { quotaBytes: number | null; usedBytes: number; reservedBytes: number; pendingUploads: number }

const uploadsPath = '/v1/uploads'

async function start({ quotaBytes, ...bindings }: Bindings & { quotaBytes?: number } = {}) {
  answerStoreRequests(createS3OverBucket(env.BUCKET))
  const worker = startWorker(bindings)
  const token = await worker.organization('acme', undefined, quotaBytes)
  const usage = async (): Promise<Usage> =>
    bodyOf(await worker.call('GET', '/v1/organizations/acme', { token }))
  const putQuota = (quota: number | null) =>
    worker.call('PUT', '/v1/organizations/acme', { token: rootKey, json: { name: 'a', quotaBytes: quota } })
  return { worker, token, usage, putQuota, ...callers(worker, token) }
}

/** One upload of each kind, by a number that makes its bytes differ from those of others: ten bytes, or many. */
function callers(worker: TestWorker, token: string) {
  const files = quantcdn(worker, token)
  const forms = cuadra(worker, token)
  const create = (json: object) =>
    worker.call('POST', uploadsPath, {
      token,
      json: { filename: 'a.txt', contentType: 'text/plain', ...json },
    })
  return {
    files,
    forms,
    create,
    presign: (_: number) => files.upload({ requestUploadUrl: true, size: 10, contentType: 'text/plain' }),
    base64: (number: number) =>
      files.upload({ content: base64(tenBytes(number)), contentType: 'text/plain' }),
    form: (number: number) => forms.upload([textFile(tenBytes(number))]),
    single: (_: number) => create({ size: 10 }),
    parts: (_: number) => create({ size: partBytes + 1, multipart: true, partSize: partBytes }),
    complete: (id: string) => worker.call('POST', `${uploadsPath}/${id}/complete`, { token }),
    abort: (id: string) => worker.call('DELETE', `${uploadsPath}/${id}`, { token }),
  }
}

const tenBytes = (number: number) => `bytes${String(number).padStart(5, '0')}`

const kinds = [
  { kind: 'presign', bytes: 10, refused: 403 },
  { kind: 'base64', bytes: 10, refused: 403 },
  { kind: 'form', bytes: 10, refused: 402 },
  { kind: 'single', bytes: 10, refused: 402 },
  { kind: 'parts', bytes: partBytes + 1, refused: 402 },
] as const

async function letTimePass(worker: TestWorker): Promise<void> {
  vi.setSystemTime(Date.now() + 8 * 24 * hour)
  for (let round = 0; round < 3; round++) await worker.runCron()
}

describe('a quota of N bytes, and 50 uploads that race', () => {
  it.each(kinds)(
    '$kind: as many succeed as fit, and everything is given back',
    async ({ kind, bytes, refused }) => {
      const quotaBytes = 17 * bytes + 3
      const { worker, token, usage } = await start({ quotaBytes })
      let isRacing = true
      const seen: number[] = []
      const watch = (async () => {
        while (isRacing) {
          const { usedBytes, reservedBytes } = await usage()
          seen.push(usedBytes + reservedBytes)
        }
      })()
      // Isolates of their own, as requests are spread over many.
      const isolates = Array.from({ length: 5 }, () => callers(startWorker(), token))
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, number) => isolates[number % 5]?.[kind](number) ?? Promise.reject()),
      )
      isRacing = false
      await watch
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status < 300)).toHaveLength(17)
      expect(statuses.filter((status) => status === refused)).toHaveLength(33)
      expect(seen.length).toBeGreaterThan(1)
      expect(Math.max(...seen)).toBeLessThanOrEqual(quotaBytes)
      const isStored = kind === 'base64' || kind === 'form'
      expect(await usage()).toMatchObject({
        usedBytes: isStored ? 17 * bytes : 0,
        reservedBytes: isStored ? 0 : 17 * bytes,
        pendingUploads: isStored ? 0 : 17,
      })
      await expectInvariants({ swept: false })

      for (const { id } of await rows<{ id: string }>("SELECT uuid AS id FROM files WHERE status = 'ready'"))
        expect((await callers(worker, token).files.delete(id)).status).toBe(200)
      await letTimePass(worker)
      expect(await usage()).toMatchObject({ usedBytes: 0, reservedBytes: 0, pendingUploads: 0 })
      expect(await objectKeys()).toEqual([])
      await expectInvariants({ swept: true })
    },
  )

  it('of all kinds at once never hold more than N', async () => {
    const quotaBytes = 123
    const { token, usage, worker } = await start({ quotaBytes })
    const isolates = Array.from({ length: 5 }, () => callers(startWorker(), token))
    const mixed = ['presign', 'base64', 'form', 'single'] as const
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, number) => {
        const kind = mixed[number % mixed.length] ?? 'single'
        return isolates[number % 5]?.[kind](number) ?? Promise.reject()
      }),
    )
    expect(answers.filter(({ ok }) => ok)).toHaveLength(12)
    const { usedBytes, reservedBytes } = await usage()
    expect(usedBytes + reservedBytes).toBe(120)
    await letTimePass(worker)
    expect(await usage()).toMatchObject({ usedBytes, reservedBytes: 0 })
  })
})

describe('what an upload reserved is given back in full', () => {
  const none = { usedBytes: 0, reservedBytes: 0, pendingUploads: 0 }

  it('when the put fails', async () => {
    const { token, usage } = await start()
    const calls = recordCalls((name) => (name === 'put' ? 'before' : 'none'))
    const broken = callers(startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }), token)
    expect((await broken.base64(1)).status).toBe(500)
    expect((await broken.form(1)).status).toBeGreaterThanOrEqual(500)
    expect(await usage()).toMatchObject(none)
  })

  it.each(['presign', 'single', 'parts'] as const)('%s: when the bytes never arrive', async (kind) => {
    const api = await start()
    expect((await api[kind](1)).status).toBe(201)
    expect(await api.usage()).toMatchObject({ pendingUploads: 1 })
    await letTimePass(api.worker)
    expect(await api.usage()).toMatchObject(none)
  })

  it('when they are refused', async () => {
    const { presign, files, usage } = await start()
    const { fileId, s3Key } = await bodyOf(await presign(1))
    await files.put(s3Key, 'not ten', 'text/plain')
    expect((await files.get(fileId)).status).toBe(404)
    expect(await usage()).toMatchObject(none)
  })

  it('when the store says that they are a copy, before they were taken and after', async () => {
    const { worker, presign, files, usage } = await start()
    const copyOf = async (isSettled: boolean) => {
      const { fileId, s3Key } = await bodyOf(await presign(1))
      await files.put(s3Key, tenBytes(1), 'text/plain')
      const key = incomingKey(s3Key)
      const eTag = (await env.BUCKET.head(key))?.etag
      if (isSettled) await files.get(fileId)
      return { action: 'CopyObject', bucket: 'slipway', object: { key, eTag } }
    }
    await worker.deliver([{ id: 'pending', body: await copyOf(false) }])
    expect(await usage()).toMatchObject(none)
    const body = await copyOf(true)
    expect(await usage()).toMatchObject({ usedBytes: 10, reservedBytes: 0 })
    await worker.deliver([{ id: 'settled', body }])
    expect(await usage()).toMatchObject(none)
  })

  it.each(['single', 'parts'] as const)('%s: when it is aborted, however often', async (kind) => {
    const api = await start()
    const { id } = await bodyOf(await api[kind](1))
    const answers = await Promise.all([api.abort(id), api.abort(id), api.abort(id)])
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204])
    expect(await api.usage()).toMatchObject(none)
  })

  it.each(['presign', 'single', 'parts'] as const)('%s: when its file is deleted meanwhile', async (kind) => {
    const api = await start()
    const body = await bodyOf(await api[kind](1))
    const [file] = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    expect(body).toBeDefined()
    const answers = await Promise.all([api.files.delete(file?.id ?? ''), api.files.delete(file?.id ?? '')])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404])
    expect(await api.usage()).toMatchObject(none)
    await expectInvariants({ swept: false })
  })

  it('when the file is deleted after it was stored, once for all files that share its bytes', async () => {
    const { base64: upload, files, usage } = await start()
    const [first, second] = [await bodyOf(await upload(1)), await bodyOf(await upload(1))]
    expect(await usage()).toMatchObject({ usedBytes: 10, reservedBytes: 0 })
    await files.delete(first.fileId)
    expect(await usage()).toMatchObject({ usedBytes: 10 })
    await files.delete(second.fileId)
    expect(await usage()).toMatchObject(none)
  })

  it('when its request died', async () => {
    const { token, worker, usage } = await start()
    let isDead = false
    // It dies with its put done.
    const calls = recordCalls((name) => {
      if (isDead) return 'before'
      isDead = name === 'put'
      return 'none'
    })
    const dying = startWorker({
      DB: interceptDatabase(env.DB, calls),
      BUCKET: interceptBucket(env.BUCKET, calls),
    })
    expect((await callers(dying, token).base64(1)).status).toBe(500)
    expect(await usage()).toMatchObject({ reservedBytes: 10, pendingUploads: 1 })
    await letTimePass(worker)
    expect(await usage()).toMatchObject(none)
    await expectInvariants({ swept: true })
  })
})

describe('a full quota', () => {
  it('lets bytes through that the organization has, whichever way they come', async () => {
    const { base64: upload, form, create, presign, single, usage } = await start({ quotaBytes: 10 })
    expect((await upload(1)).status).toBe(201)
    const full = { usedBytes: 10, reservedBytes: 0, quotaBytes: 10 }
    expect(await usage()).toMatchObject(full)
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(tenBytes(1)))
    const sha256 = new Uint8Array(digest).toHex()
    expect((await upload(1)).status).toBe(201)
    expect((await form(1)).status).toBe(201)
    expect((await create({ size: 10, sha256 })).status).toBe(200)
    for (const refused of [await upload(2), await form(2), await presign(2), await single(2)])
      expect([402, 403]).toContain(refused.status)
    expect(await usage()).toMatchObject({ ...full, pendingUploads: 0 })
    expect(await rows("SELECT count(*) AS n FROM files WHERE status = 'ready'")).toEqual([{ n: 4 }])
    await expectInvariants({ swept: false })
  })

  it('refuses known bytes that went while others took their room, and keeps nothing of them', async () => {
    const { token, files, base64: upload, usage } = await start({ quotaBytes: 10 })
    const { fileId } = await bodyOf(await upload(1))
    let isOver = false
    const late = interceptDatabase(env.DB, async ({ statements, make }) => {
      // The bytes were looked up, and are about to be adopted.
      const adopts = statements.some(({ sql }) => sql.includes("SET status = 'ready'"))
      if (adopts && !isOver) {
        isOver = true
        expect((await files.delete(fileId)).status).toBe(200)
        expect((await upload(2)).status).toBe(201)
      }
      return make()
    })
    const second = { content: base64(tenBytes(1)), contentType: 'text/plain' }
    const keyed = quantcdn(startWorker({ DB: late }), token)
    const refused = await keyed.upload(second, { 'Idempotency-Key': 'k' })
    expect([isOver, refused.status]).toEqual([true, 403])
    expect(await usage()).toMatchObject({ usedBytes: 10, reservedBytes: 0, pendingUploads: 0 })
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    expect(await rows('SELECT idempotency_key FROM idempotency_records')).toEqual([])
    await expectInvariants({ swept: false })
  })

  it('refuses bytes of unpromised size when they are there, and keeps nothing of them', async () => {
    const { worker, files, usage } = await start({ quotaBytes: 9 })
    const json = { requestUploadUrl: true, contentType: 'text/plain' }
    const { fileId, s3Key } = await bodyOf(await files.upload(json))
    await files.put(s3Key, tenBytes(1), 'text/plain')
    expect((await files.get(fileId)).status).toBe(404)
    expect(await usage()).toMatchObject({ usedBytes: 0, reservedBytes: 0, pendingUploads: 0 })
    await worker.runCron()
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('cannot be lowered below what is stored and promised, and can be to exactly that', async () => {
    const { base64: upload, presign, putQuota, usage } = await start({ quotaBytes: 100 })
    await upload(1)
    await presign(2)
    for (const quota of [19, 0]) expect((await putQuota(quota)).status).toBe(409)
    expect(await usage()).toMatchObject({ quotaBytes: 100 })
    expect((await putQuota(20)).status).toBe(200)
    expect((await presign(3)).status).toBe(403)
    expect((await putQuota(null)).status).toBe(200)
    expect((await presign(3)).status).toBe(201)
    expect((await putQuota(29)).status).toBe(409)
  })

  it('that is lowered while uploads race is never exceeded', async () => {
    const { token, putQuota, usage } = await start({ quotaBytes: 1000 })
    const isolates = Array.from({ length: 5 }, () => callers(startWorker(), token))
    const racing = Array.from({ length: 50 }, (_, number) => isolates[number % 5]?.presign(number))
    const lowered = await Promise.all([400, 300, 200, 100].map((quota) => putQuota(quota)))
    const answers = await Promise.all(racing)
    const { quotaBytes, usedBytes, reservedBytes } = await usage()
    expect(reservedBytes).toBe(10 * answers.filter((answer) => answer?.ok).length)
    expect(usedBytes + reservedBytes).toBeLessThanOrEqual(quotaBytes ?? -1)
    expect(lowered.map(({ status }) => status).filter((status) => ![200, 409].includes(status))).toEqual([])
    await expectInvariants({ swept: false })
  })
})

describe('PENDING_UPLOADS_MAX', () => {
  it.each([
    { kind: 'presign', refused: 403 },
    { kind: 'single', refused: 429 },
    { kind: 'parts', refused: 429 },
  ] as const)('lets exactly as many of 50 racing uploads be pending: $kind', async ({ kind, refused }) => {
    const { token, worker, usage } = await start()
    const isolates = Array.from({ length: 5 }, () =>
      callers(startWorker({ PENDING_UPLOADS_MAX: '10' as Env['PENDING_UPLOADS_MAX'] }), token),
    )
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, number) => isolates[number % 5]?.[kind](number)),
    )
    expect(answers.filter((answer) => answer?.status === 201)).toHaveLength(10)
    expect(answers.filter((answer) => answer?.status === refused)).toHaveLength(40)
    expect(await usage()).toMatchObject({ pendingUploads: 10 })
    await expectInvariants({ swept: false })
    await letTimePass(worker)
    expect(await usage()).toMatchObject({ pendingUploads: 0, reservedBytes: 0 })
  })

  it('counts uploads through the Worker while they run, and no longer', async () => {
    const limit = { PENDING_UPLOADS_MAX: '2' as Env['PENDING_UPLOADS_MAX'] }
    const api = await start(limit)
    for (let number = 0; number < 5; number++) {
      expect((await api.base64(number)).status).toBe(201)
      expect((await api.form(number + 10)).status).toBe(201)
    }
    const pending = [await bodyOf(await api.single(1)), await bodyOf(await api.parts(2))]
    expect((await api.base64(6)).status).toBe(403)
    expect((await api.form(7)).status).toBe(429)
    // Known bytes are an upload too, for a moment.
    expect((await api.base64(0)).status).toBe(403)
    expect((await api.abort(pending[1].id)).status).toBe(204)
    expect((await api.base64(6)).status).toBe(201)
    expect(await api.usage()).toMatchObject({ pendingUploads: 1 })
  })

  it('can be lowered below what is pending: that ends as ever, and new ones wait until there is room', async () => {
    const limit = (max: string) => ({ PENDING_UPLOADS_MAX: max as Env['PENDING_UPLOADS_MAX'] })
    const { token, usage } = await start(limit('5'))
    const before = callers(startWorker(limit('5')), token)
    const uploads = []
    for (let number = 0; number < 5; number++) uploads.push(await bodyOf(await before.single(number)))
    const after = callers(startWorker(limit('3')), token)
    const [first, second, third] = uploads
    expect((await after.single(9)).status).toBe(429)
    const [{ object_key: key = '' } = {}] = await rows<{ object_key: string }>(
      'SELECT object_key FROM uploads ORDER BY file_id',
    )
    await env.BUCKET.put(key, tenBytes(0), { httpMetadata: { contentType: 'text/plain' } })
    expect((await after.complete(first.id)).status).toBe(200)
    expect((await after.abort(second.id)).status).toBe(204)
    expect((await after.single(9)).status).toBe(429)
    expect((await after.abort(third.id)).status).toBe(204)
    expect((await after.single(9)).status).toBe(201)
    expect((await after.single(9)).status).toBe(429)
    expect(await usage()).toMatchObject({ pendingUploads: 3 })
    expect((await before.single(9)).status).toBe(201)
    await expectInvariants({ swept: false })
  })
})

describe('usage follows its rows', () => {
  const which = fc.nat(9)
  const content = fc.constantFrom('a', 'bb', 'ccc', 'dddd', '')
  const operation = fc.oneof(
    fc.record({ do: fc.constantFrom('presign' as const), size: fc.option(fc.nat(5)) }),
    fc.record({ do: fc.constantFrom('single' as const), bytes: content, isHashed: fc.boolean() }),
    fc.record({ do: fc.constantFrom('parts' as const) }),
    fc.record({ do: fc.constantFrom('base64' as const, 'form' as const), bytes: content }),
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('put' as const), which, isRight: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('complete' as const, 'read' as const), which }) },
    fc.record({ do: fc.constantFrom('abort' as const, 'delete' as const), which }),
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('event' as const),
        which,
        action: fc.constantFrom('PutObject', 'CopyObject', 'DeleteObject'),
      }),
    },
    fc.record({ do: fc.constantFrom('sweep' as const), hours: fc.constantFrom(0, 1, 30) }),
    fc.record({ do: fc.constantFrom('quota' as const), bytes: fc.constantFrom(null, 0, 8, partBytes + 9) }),
  )
  type Operation = (typeof operation)['generate'] extends (...args: never[]) => { value: infer T } ? T : never

  it('after any sequence of operations, one after the other or three at a time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 3, maxLength: 24 }),
        fc.constantFrom(1, 3),
        async (operations, atOnce) => {
          vi.useRealTimers()
          await clear()
          const api = await start({ quotaBytes: partBytes + 20 })
          const apply = createApply(api)
          for (let at = 0; at < operations.length; at += atOnce) {
            const together = operations.slice(at, at + atOnce)
            for (const step of together)
              if (step.do === 'sweep') vi.setSystemTime(Date.now() + step.hours * hour)
            await Promise.all(together.map(apply))
            await expectInvariants({ swept: false })
          }
          await letTimePass(api.worker)
          await expectInvariants({ swept: true })
          expect(await api.usage()).toMatchObject({ reservedBytes: 0, pendingUploads: 0 })
          for (const { id } of await rows<{ id: string }>('SELECT uuid AS id FROM files'))
            await api.files.delete(id)
          await api.worker.runCron()
          expect(await api.usage()).toMatchObject({ usedBytes: 0, reservedBytes: 0, pendingUploads: 0 })
          expect(await objectKeys()).toEqual([])
        },
      ),
      { numRuns: 40 },
    )
  })

  function createApply(api: Awaited<ReturnType<typeof start>>) {
    const { worker, files, forms, token } = api
    /** The URLs that clients have, without which they put nothing. Uploads in parts have one for each part. */
    const urls = new Map<string, { url: string; headers: Record<string, string>; size: number }[] | null>()
    const handedOut = async (answer: Response): Promise<Response> => {
      if (answer.status !== 201) return answer
      const body = await bodyOf(answer.clone())
      urls.set(plainId(body.fileId ?? body.id), body.parts ?? null)
      return answer
    }
    type Row = { file_id: string; object_key: string; byte_size: number | null; etag: string | null }
    const target = async (index: number): Promise<Row | undefined> => {
      const all = await rows<Row>(
        `SELECT f.uuid AS file_id, coalesce(u.object_key, c.object_key, 'acme/none') AS object_key, u.byte_size,
           coalesce(u.promoting_etag, c.etag) AS etag
         FROM files f LEFT JOIN uploads u ON u.file_id = f.id LEFT JOIN contents c ON c.id = f.content_id
         ORDER BY f.id DESC`,
      )
      return all[index % Math.max(1, all.length)]
    }
    const put = async ({ file_id, object_key, byte_size }: Row, isRight: boolean) => {
      const planned = urls.get(file_id)
      const live = "SELECT 1 FROM uploads WHERE file_id = unhex(?1, '-') AND expires_at > ?2"
      if (planned === undefined || (await rows(live, file_id, Date.now())).length === 0) return
      if (planned === null) {
        if (await env.BUCKET.head(object_key)) return
        const bytes = 'abcdef'.slice(0, isRight ? (byte_size ?? 3) : 6)
        await env.BUCKET.put(object_key, bytes, { httpMetadata: { contentType: 'text/plain' } })
      } else
        for (const { url, headers, size } of isRight ? planned : planned.slice(0, 1)) {
          const sent = fetch(url, { method: 'PUT', headers, body: new Uint8Array(size).fill(97) })
          // Another step may abort the upload at this moment.
          await sent.then((answer) => answer.arrayBuffer()).catch(() => {})
        }
    }
    return async (step: Operation): Promise<void> => {
      const row = 'which' in step ? await target(step.which) : undefined
      const answer = await (async (): Promise<Response | undefined> => {
        switch (step.do) {
          case 'presign': {
            const { size } = step
            const json = {
              requestUploadUrl: true,
              contentType: 'text/plain',
              ...(size === null ? {} : { size }),
            }
            return handedOut(await files.upload(json))
          }
          case 'single': {
            const bytes = new TextEncoder().encode(step.bytes)
            const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
            return handedOut(await api.create({ size: bytes.length, ...(step.isHashed ? { sha256 } : {}) }))
          }
          case 'parts':
            return handedOut(await api.parts(0))
          case 'base64':
            return files.upload({ content: base64(step.bytes), contentType: 'text/plain' })
          case 'form':
            return forms.upload([textFile(step.bytes)])
          case 'sweep':
            await worker.runCron()
            return undefined
          case 'quota':
            return api.putQuota(step.bytes)
        }
        if (row === undefined) return undefined
        switch (step.do) {
          case 'put':
            await put(row, step.isRight)
            return undefined
          case 'complete':
            return api.complete(row.file_id)
          case 'read':
            return worker.call('GET', `${uploadsPath}/${row.file_id}`, { token })
          case 'abort':
            return api.abort(row.file_id)
          case 'delete':
            return files.delete(row.file_id)
          case 'event': {
            const object = { key: row.object_key, ...(row.etag === null ? {} : { eTag: row.etag }) }
            const body = { action: step.action, bucket: 'slipway', object }
            expect((await worker.deliver([{ id: 'm', body }])).acked).toEqual(['m'])
            return undefined
          }
        }
      })()
      await answer?.arrayBuffer()
      expect(answer?.status ?? 200, JSON.stringify(step)).toBeLessThan(500)
    }
  }
})

async function clear(): Promise<void> {
  const tables = [
    'idempotency_records',
    'object_deletions',
    'uploads',
    'metadata_terms',
    'associations',
    'files',
  ]
  const all = [...tables, 'contents', 'api_keys', 'organizations']
  await env.DB.batch(all.map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
  await env.BUCKET.delete(await objectKeys())
}
