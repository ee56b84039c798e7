import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { base64, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: quantcdn(worker, token) }
}

const direct = { content: base64('hello'), contentType: 'text/plain', filename: 'a.txt', metadata: { a: 1 } }
const presign = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
const once = { 'idempotency-key': 'once' }
const hour = 3_600_000

describe('Idempotency-Key', () => {
  it.each([
    ['an upload through the Worker', direct],
    ['a presign', presign],
  ])('gives the stored reply of %s again', async (_, json) => {
    const { api } = await start()
    const first = await api.upload(json, once)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const reply = await bodyOf(first)
    for (const key of ['once', '"once"', ' once ']) {
      const again = await api.upload(json, { 'idempotency-key': key })
      expect(again.status).toBe(201)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(await bodyOf(again)).toEqual({
        ...reply,
        ...('url' in reply ? { url: expect.any(String) } : { uploadUrl: expect.any(String) }),
        ...('expiresIn' in reply ? { expiresIn: expect.any(Number) } : {}),
      })
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('gives the reply even when the file was deleted since', async () => {
    const { api } = await start()
    const { fileId } = await bodyOf(await api.upload(direct, once))
    await api.delete(fileId)
    expect(await bodyOf(await api.upload(direct, once))).toMatchObject({ fileId, filename: 'a.txt', size: 5 })
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })

  it('refuses another request under the same key, and other ways to the same key', async () => {
    const { api } = await start()
    await api.upload(direct, once)
    const others = [{ ...direct, content: base64('other') }, { ...direct, filename: 'b.txt' }, presign]
    for (const json of others) {
      const answer = await api.upload(json, once)
      expect(answer.status).toBe(422)
      expect(await bodyOf(answer)).toMatchObject({ error: true })
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('is an organization’s own', async () => {
    const { worker, api } = await start()
    const other = quantcdn(worker, await worker.organization('other'), '/api/v3/organizations/other/ai/files')
    const [mine, theirs] = [await api.upload(direct, once), await other.upload(direct, once)]
    expect(theirs.status).toBe(201)
    expect((await bodyOf(theirs)).fileId).not.toBe((await bodyOf(mine)).fileId)
  })

  it.each(['', 'x'.repeat(256), '""'])('refuses the malformed key %j', async (key) => {
    const { api } = await start()
    const answer = await api.upload(direct, { 'idempotency-key': key })
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ details: [{ field: 'Idempotency-Key' }] })
  })

  it.each([
    ['direct uploads', direct],
    ['presigns', presign],
  ])('makes one file of eight racing %s', async (_, json) => {
    const { api } = await start()
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.upload(json, once)))
    const made = answers.filter(({ status }) => status === 201)
    expect(made.length).toBeGreaterThan(0)
    for (const answer of answers) {
      expect([201, 409]).toContain(answer.status)
      if (answer.status === 409) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    const ids = await Promise.all(made.map(async (answer) => (await bodyOf(answer)).fileId))
    expect(new Set(ids).size).toBe(1)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('is forgotten after a day', async () => {
    const { worker, api } = await start()
    const first = await bodyOf(await api.upload(direct, once))
    vi.setSystemTime(Date.now() + 24 * hour)
    const second = await bodyOf(await api.upload({ ...direct, filename: 'b.txt' }, once))
    expect(second.fileId).not.toBe(first.fileId)
    vi.setSystemTime(Date.now() + 24 * hour)
    await worker.runCron()
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
  })

  it('lets a retry through at once after a failure that is known', async () => {
    const { token, api } = await start()
    const bucket = interceptBucket(
      env.BUCKET,
      recordCalls((name) => (name === 'put' ? 'after' : 'none')),
    )
    const broken = quantcdn(startWorker({ BUCKET: bucket }), token)
    expect((await broken.upload(direct, once)).status).toBe(500)
    expect((await api.upload(direct, once)).status).toBe(201)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('lets a retry take the place of a request that died, and makes one file', async () => {
    const { worker, token, api } = await start()
    // The Worker dies between the bytes and the end: no later call to the database gets through.
    const bucketCalls = recordCalls()
    const databaseCalls = recordCalls(() => (bucketCalls.names.includes('put') ? 'before' : 'none'))
    const bindings = {
      DB: interceptDatabase(env.DB, databaseCalls),
      BUCKET: interceptBucket(env.BUCKET, bucketCalls),
    }
    const dying = quantcdn(startWorker(bindings), token)
    expect((await dying.upload(direct, once)).status).toBe(500)
    const running = await api.upload(direct, once)
    expect(running.status).toBe(409)
    expect(Number(running.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await api.upload({ ...direct, filename: 'b.txt' }, once)).status).toBe(422)

    vi.setSystemTime(Date.now() + 61_000)
    const retried = await api.upload(direct, once)
    expect(retried.status).toBe(201)
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
    await worker.runCron()
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('lets the URL of a repeated presign live anew while the bytes are awaited, and never after', async () => {
    const { api } = await start()
    const { fileId, s3Key } = await bodyOf(await api.upload(presign, once))
    const begin = Date.now()
    vi.setSystemTime(begin + hour / 2)
    expect((await bodyOf(await api.upload(presign, once))).expiresIn).toBe(3600)
    expect(await rows('SELECT expires_at FROM uploads')).toEqual([
      { expires_at: expect.closeTo(begin + 1.5 * hour, -4) },
    ])

    await api.put(s3Key, 'hello', 'text/plain')
    expect((await api.get(fileId)).status).toBe(200)
    vi.setSystemTime(begin + hour)
    const late = await bodyOf(await api.upload(presign, once))
    expect(late.expiresIn).toBeLessThanOrEqual(1800)
    vi.setSystemTime(begin + 5 * hour)
    expect((await bodyOf(await api.upload(presign, once))).expiresIn).toBe(1)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })
})
