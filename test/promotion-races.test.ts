import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { createGate } from './support/gates'
import { keyIn, prefixedId, putTo, readEverywhere, singlePutPromises, type Told } from './support/handed-out'
import { interceptBucket, interceptDatabase, recordCalls } from './support/intercept'
import { expectInvariants } from './support/invariants'
import { filesPath } from './support/quantcdn'
import type { S3Operation } from './support/s3-over-bucket'
import { r2, type StoreKind, s3, startOver, startWorkerOver } from './support/start-over'
import { type Bindings, bodyOf, objectKeys, rows, type TestWorker } from './support/worker'

const hour = 3_600_000
const right = 'right bytes!'
const other = 'other bytes!'

type Way = { kind: StoreKind; more: Bindings; copies: 'put' | 's3.put' | 's3.copy' }

/** How verified bytes get to where they stay. */
const ways: Record<string, Way> = {
  'through an R2 binding': { kind: r2, more: {}, copies: 'put' },
  'by CopyObject, with an R2 binding': {
    kind: r2,
    more: { HASH_MAX_BYTES: '4' },
    copies: 's3.copy',
  },
  'by CopyObject, AWS alone': {
    kind: { ...s3, endpoint: 'https://s3.eu-central-1.amazonaws.com' },
    more: {},
    copies: 's3.copy',
  },
  'through any S3 store, which may ignore conditions of copies': {
    kind: { ...s3, ignoresCopyCondition: true },
    more: {},
    copies: 's3.put',
  },
  'through any S3 store, of more bytes than are hashed': {
    kind: { ...s3, ignoresCopyCondition: true },
    more: { HASH_MAX_BYTES: '4' },
    copies: 's3.put',
  },
}

/** Whether a SHA-256 can be promised of more bytes than HASH_MAX_BYTES: not where the store compares none. */
function takes({ name }: { name: string }, { copies, more }: Way): boolean {
  return copies !== 's3.put' || more.HASH_MAX_BYTES === undefined || !/sha-?256/i.test(name)
}

type Step = { name: string; before: () => Promise<void>; after: () => Promise<void> }
const nothing = async () => {}

/**
 * A file that was promised by a bare URL, its bytes put. `slow` is a Worker on which `step` happens before and
 * after the call of that name; `sound` is another one.
 */
async function start({ kind, more }: Way, step: Partial<Step> = {}) {
  const { name, before = nothing, after = nothing } = step
  const around = async <T>(called: string, call: () => Promise<T>): Promise<T> => {
    if (called !== name) return call()
    await before()
    const result = await call()
    await after()
    return result
  }
  let isHooked = false
  const operations: S3Operation[] = []
  const { worker: sound, token } = await startOver(kind, more, (operation, call) => {
    operations.push(operation)
    return isHooked ? around(operation, call) : call()
  })
  const hooked = () => interceptBucket(env.BUCKET, ({ name, make }) => around(name, make))
  const bucket = kind.hasBinding ? { BUCKET: hooked() } : {}
  const slow = startWorkerOver(kind, { ...more, ...bucket })
  const promised = await singlePutPromises[0]?.promise(sound, token, right)
  const told = promised?.told[0]
  if (!promised || !told) return expect.fail('nothing was promised')
  expect(await putTo(told, right)).toBe(200)
  const get = (worker: TestWorker) => worker.call('GET', `${filesPath}/${promised.fileId}`, { token })
  operations.length = 0
  return {
    sound,
    token,
    promised,
    told,
    operations,
    /** Asks for the file, which settles it. */
    get: () => get(sound),
    /** The same on the Worker where the step happens. */
    async getSlowly() {
      isHooked = true
      const answer = await get(slow)
      isHooked = false
      return answer
    },
    stopHooks: () => {
      isHooked = false
    },
  }
}

type Started = Awaited<ReturnType<typeof start>>

async function contentOf(fileId: string) {
  const [content] = await rows<{ object_key: string; etag: string; sha256: string | null }>(
    `SELECT c.object_key, c.etag, nullif(lower(hex(c.sha256)), '') AS sha256
     FROM files f JOIN contents c ON c.id = f.content_id WHERE f.uuid = ?1`,
    fileId,
  )
  return content ?? null
}

/** What is recorded of the file, if it is ready, is what everyone reads; returns that. */
async function readyText({ sound, token, promised }: Started): Promise<string | null> {
  const content = await contentOf(promised.fileId)
  if (content === null) return null
  const object = await env.BUCKET.get(content.object_key)
  const text = (await object?.text()) ?? ''
  expect(object?.etag).toBe(content.etag)
  const digest = async (algorithm: string) =>
    new Uint8Array(await crypto.subtle.digest(algorithm, new TextEncoder().encode(text))).toHex()
  expect([await digest('MD5'), null]).toContain(content.etag)
  if (content.sha256 !== null) expect(content.sha256).toBe(await digest('SHA-256'))
  const seen = await readEverywhere(sound, token, promised, { isPublic: false })
  expect(new Set(Object.values(seen))).toEqual(new Set([text]))
  return text
}

async function expectNothingLeft({ sound }: Started, keys: string[]) {
  vi.setSystemTime(Date.now() + 26 * hour)
  for (let round = 0; round < 2; round++) await sound.runCron()
  expect(await objectKeys()).toEqual(keys)
  for (const table of ['object_deletions', 'uploads'])
    expect(await rows(`SELECT * FROM ${table}`)).toEqual([])
  await expectInvariants({ swept: true })
}

describe.each(Object.entries(ways))('promotion %s', (_, way) => {
  const looksBy = (name: string) => (way.kind.hasBinding ? name : `s3.${name}`)
  /** The Worker reads the bytes, which it then has whatever becomes of their object. */
  const reads = way.copies !== 's3.copy'

  it.each([
    ['after they were looked at', { name: looksBy('head'), after: true }, other],
    ['after they were read', { name: looksBy('get'), after: true }, reads ? right : other],
    ['before they are copied', { name: way.copies, after: false }, reads ? right : other],
    ['after they were copied', { name: way.copies, after: true }, right],
  ])('never shows bytes that were put %s as those that were verified', async (_, at, expected) => {
    let told: Told | null = null
    const replace = async () => {
      const once = told
      told = null
      if (once !== null) expect(await putTo(once, other)).toBe(200)
    }
    const file = await start(way, { name: at.name, [at.after ? 'after' : 'before']: replace })
    told = file.told
    const answer = await file.getSlowly()
    expect(told, 'they were replaced').toBeNull()
    const first = await readyText(file)
    expect(first).toBe(answer.status === 200 ? right : null)
    // A version that was chosen and is gone is waited for; then what is there is taken.
    vi.setSystemTime(Date.now() + hour)
    expect((await file.get()).status).toBe(200)
    expect(await readyText(file)).toBe(expected)
    await expectNothingLeft(file, [file.promised.key])
  })

  it('by one who is slow keeps others from choosing what came meanwhile', async () => {
    const gate = createGate()
    const file = await start(way, { name: way.copies, before: gate.pass })
    const slow = file.getSlowly()
    await gate.reached
    expect(await putTo(file.told, other)).toBe(200)
    expect((await file.get()).status).toBe(404)
    expect(await readyText(file)).toBeNull()
    gate.open()
    expect((await slow).status).toBe(reads ? 200 : 404)
    expect(await readyText(file)).toBe(reads ? right : null)
    vi.setSystemTime(Date.now() + hour)
    expect((await file.get()).status).toBe(200)
    expect(await readyText(file)).toBe(reads ? right : other)
    await expectNothingLeft(file, [file.promised.key])
  })

  it.each(['before', 'after'] as const)(
    'by one who is slow changes nothing %s another one has ended it, whatever came meanwhile',
    async (side) => {
      const gate = createGate()
      const step = side === 'before' ? { before: gate.pass } : { after: gate.pass }
      const file = await start(way, { name: way.copies, ...step })
      const slow = file.getSlowly()
      await gate.reached
      file.stopHooks()
      expect((await file.get()).status).toBe(200)
      const settled = await contentOf(file.promised.fileId)
      expect(await putTo(file.told, other)).toBe(200)
      gate.open()
      expect((await slow).status).toBe(200)
      expect(await contentOf(file.promised.fileId)).toEqual(settled)
      expect(await readyText(file)).toBe(right)
      expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: right.length }])
      await expectNothingLeft(file, [file.promised.key])
    },
  )

  it('by one who comes back after another version was chosen ends nothing', async () => {
    const gate = createGate()
    const file = await start(way, { name: way.copies, after: gate.pass })
    const { promised, token } = file
    const slow = file.getSlowly()
    await gate.reached
    file.stopHooks()
    vi.setSystemTime(Date.now() + hour)
    expect(await putTo(file.told, other)).toBe(403)
    const again = await promised.askAgain()
    expect(await putTo(again[0] ?? expect.fail('no URL'), other)).toBe(200)
    // Copies the other bytes, and dies before it can say so.
    const calls = recordCalls()
    const dying = startWorkerOver(way.kind, { ...way.more, DB: interceptDatabase(env.DB, calls) })
    // The key is verified, so that the look-up of the file is no batch.
    await dying.call('GET', '/v1/organizations/acme', { token })
    calls.decide = (name) => (name === 'batch' ? 'before' : 'none')
    const died = await dying.call('GET', `${filesPath}/${promised.fileId}`, { token })
    expect(died.status).toBe(500)
    expect(await (await env.BUCKET.get(promised.key))?.text()).toBe(other)
    gate.open()
    expect((await slow).status).toBe(404)
    expect(await readyText(file)).toBeNull()
    expect((await file.get()).status).toBe(200)
    expect(await readyText(file)).toBe(other)
    await expectNothingLeft(file, [promised.key])
  })

  it('that a deletion overtook leaves nothing, as the final key is watched', async () => {
    const gate = createGate()
    const file = await start(way, { name: way.copies, before: gate.pass })
    const { promised, sound, token } = file
    const slow = file.getSlowly()
    await gate.reached
    expect((await sound.call('DELETE', `${filesPath}/${promised.fileId}`, { token })).status).toBe(200)
    expect(await objectKeys()).toEqual([])
    const watched = 'SELECT object_key FROM object_deletions WHERE watch_until > ?1 ORDER BY object_key'
    expect(await rows(watched, Date.now() + 0.9 * hour)).toEqual([{ object_key: promised.key }])
    // Its URL still works, so that there is something to copy.
    expect(await putTo(file.told, right)).toBe(200)
    gate.open()
    expect((await slow).status).toBe(404)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    // As a copy would that is slower still.
    await env.BUCKET.put(promised.key, right)
    vi.setSystemTime(Date.now() + hour)
    await sound.runCron()
    expect(await objectKeys()).not.toContain(promised.key)
    await expectNothingLeft(file, [])
  })

  it('survives every failure of the database, also one that only loses the answer', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    let points = 0
    for (const fault of ['before', 'after'] as const)
      for (let step = 0; ; step++) {
        const calls = recordCalls((_name, index) => (index === step ? fault : 'none'))
        const file = await start(way)
        const faulty = startWorkerOver(way.kind, { ...way.more, DB: interceptDatabase(env.DB, calls) })
        const { promised, token } = file
        await faulty.call('GET', `${filesPath}/${promised.fileId}`, { token })
        await expectInvariants({ swept: false })
        expect([right, null]).toContain(await readyText(file))
        expect((await file.get()).status).toBe(200)
        expect(await readyText(file)).toBe(right)
        expect((await bodyOf(await file.sound.call('GET', filesPath, { token }))).files).toHaveLength(1)
        await file.sound.call('DELETE', `${filesPath}/${promised.fileId}`, { token })
        await expectNothingLeft(file, [])
        vi.restoreAllMocks()
        vi.useRealTimers()
        vi.spyOn(console, 'log').mockImplementation(() => {})
        // The same request with the same key would be answered with the file that is deleted.
        await env.DB.prepare('DELETE FROM idempotency_records').run()
        if (calls.names.length <= step) break
        points++
      }
    // The file with the key, the choice and the end, each in two ways.
    expect(points).toBe(6)
  })

  it('takes the promised type along, and of other metadata only what was sealed', async () => {
    const { worker, token } = await startOver(way.kind, { ...way.more, S3_WRITE_ONCE: 'false' })
    for (const promising of singlePutPromises) {
      if (!promising.isPromoted(way.kind) || !takes(promising, way)) continue
      const text = `bytes ${promising.name}`
      const once = startWorkerOver(way.kind, { ...way.more, S3_WRITE_ONCE: 'false' })
      await rows('DELETE FROM idempotency_records')
      const promised = await promising.promise(once, token, text)
      const told = promised.told[0] ?? expect.fail('no URL')
      const more = { 'x-amz-meta-a': 'b', 'Cache-Control': 'max-age=9', 'Content-Language': 'de' }
      expect(
        await putTo({ ...told, headers: { 'Content-Disposition': 'inline', ...told.headers } }, text, more),
      ).toBe(200)
      expect((await worker.call('GET', `${filesPath}/${promised.fileId}`, { token })).status).toBe(200)
      const copy = await env.BUCKET.head(promised.key)
      const disposition = told.headers['Content-Disposition']
      expect(copy?.httpMetadata).toEqual({
        contentType: 'text/plain',
        ...(disposition === undefined ? {} : { contentDisposition: disposition }),
      })
      expect(copy?.customMetadata).toEqual({})
    }
  })

  it('refuses an encoding that was not promised, at both keys', async () => {
    const file = await start(way)
    expect(await putTo(file.told, right, { 'Content-Encoding': 'gzip' })).toBe(200)
    expect((await file.get()).status).toBe(404)
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'error' }])
    await expectNothingLeft(file, [])
  })

  it('knows the SHA-256 of bytes that were read, and none of those that were not', async () => {
    const file = await start(way)
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(right))
    const path = `/v1/files/${prefixedId(file.promised.fileId)}`
    const body = await bodyOf(await file.sound.call('GET', path, { token: file.token }))
    expect(body).toMatchObject({ status: 'ready', sizeBytes: right.length })
    const isRead = way.more.HASH_MAX_BYTES === undefined
    expect(body.sha256).toBe(isRead ? new Uint8Array(digest).toHex() : null)
    expect(file.operations.includes('s3.copy')).toBe(way.copies === 's3.copy')
  })

  it('costs three round trips to the database, and none after the answer', async () => {
    const calls = recordCalls()
    const { promised, token } = await start(way)
    const counting = startWorkerOver(way.kind, { ...way.more, DB: interceptDatabase(env.DB, calls) })
    const get = () => counting.call('GET', `${filesPath}/${promised.fileId}`, { token })
    // Verifies the key first, for a file that is not there.
    await counting.call('GET', `${filesPath}/${crypto.randomUUID()}`, { token })
    calls.names.length = 0
    expect((await get()).status).toBe(200)
    expect(calls.names).toEqual(['all', 'all', 'batch'])
    calls.names.length = 0
    expect((await get()).status).toBe(200)
    expect(calls.names).toEqual(['all'])
  })

  it.each([0, 1, 4100, 400_000])('copies %i bytes as they are', async (byteSize) => {
    const { worker, token } = await startOver(way.kind, { ...way.more, S3_WRITE_ONCE: 'false' })
    const text = 'abcdefg'.repeat(Math.ceil(byteSize / 7)).slice(0, byteSize)
    const json = { filename: 'a.txt', contentType: 'text/plain', size: byteSize }
    const { id, ...told } = await bodyOf(await worker.call('POST', '/v1/uploads', { token, json }))
    expect(await putTo(told, text)).toBe(200)
    const done = await worker.call('POST', `/v1/uploads/${id}/complete`, { token })
    expect([done.status, (await bodyOf(done)).sizeBytes]).toEqual([200, byteSize])
    const key = (await objectKeys()).find((key) => !key.startsWith('_incoming/')) ?? ''
    expect((await (await env.BUCKET.get(key))?.text()) === text).toBe(true)
    expect(await objectKeys()).toEqual([key])
    await expectInvariants({ swept: true })
  })
})

describe.each(Object.entries(ways))('a sealed checksum, %s', (_, way) => {
  it.each(
    singlePutPromises.filter((one) => /(md5|sha-?256), write once false/i.test(one.name) && takes(one, way)),
  )(
    'that the bytes do not have is an error, and both keys are empty: $name',
    async ({ promise, bindings }) => {
      // Read whole, as what a client without the S3 endpoint puts is not vouched for.
      const { worker, token } = await startOver(way.kind, bindings)
      const promised = await promise(worker, token, right)
      const incoming = keyIn(promised.told[0] ?? expect.fail('no URL'))
      await env.BUCKET.put(incoming, other, { httpMetadata: { contentType: 'text/plain' } })
      expect((await worker.call('GET', `${filesPath}/${promised.fileId}`, { token })).status).toBe(404)
      const [file] = await rows<{ status: string; refusal: string }>('SELECT status, refusal FROM files')
      expect(file?.status).toBe('error')
      expect(JSON.parse(file?.refusal ?? '')).toMatchObject({ code: 'checksum_mismatch' })
      expect(await objectKeys()).toEqual([])
      expect(await rows('SELECT used_bytes, reserved_bytes FROM organizations')).toEqual([
        { used_bytes: 0, reserved_bytes: 0 },
      ])
      await expectInvariants({ swept: true })
    },
  )
})

describe('where the URL of a part would outlive its upload', () => {
  it('no URL of a part is handed out, and bytes come in one PUT that is promoted', async () => {
    const { worker, token } = await startOver(
      { ...s3, sealsCopySource: false },
      { S3_MULTIPART_URLS: 'false' },
    )
    const size = 5 * 1024 ** 2 + 3
    const text = 'r'.repeat(size)
    const json = {
      filename: 'a.txt',
      contentType: 'text/plain',
      size,
      multipart: true,
      partSize: 5 * 1024 ** 2,
    }
    const { id, parts, ...told } = await bodyOf(await worker.call('POST', '/v1/uploads', { token, json }))
    expect(parts).toBeUndefined()
    expect(keyIn(told)).toMatch(/^_incoming\//)
    expect(await putTo(told, text)).toBe(200)
    expect((await worker.call('POST', `/v1/uploads/${id}/complete`, { token })).status).toBe(200)
    await putTo(told, 'x'.repeat(size))
    const content = await worker.call('GET', `/v1/files/${id}/content?redirect=false`, { token })
    expect((await content.text()) === text).toBe(true)
    const large = await worker.call('POST', filesPath, {
      token,
      json: { requestUploadUrl: true, contentType: 'text/plain', size: 5 * 1024 ** 3 + 1 },
    })
    expect(large.status).toBe(413)
  })
})

describe('a SHA-256 of more bytes than are read', () => {
  const sha256 = new Uint8Array(32)
  const ask = (worker: TestWorker, token: string, size: number) => [
    worker.call('POST', '/v1/uploads', {
      token,
      json: { filename: 'a.txt', contentType: 'text/plain', size, sha256: sha256.toHex() },
    }),
    worker.call('POST', '/api/v1/upload/direct', {
      token,
      json: {
        blob: { filename: 'a.txt', content_type: 'text/plain', byte_size: size, checksum: sha256.toBase64() },
      },
    }),
  ]

  it('is refused at once by name where the store does not vouch for it', async () => {
    const { worker, token } = await startOver(s3, { HASH_MAX_BYTES: '10' })
    for (const answer of await Promise.all(ask(worker, token, 10))) expect(answer.status).toBeLessThan(300)
    const before = await rows('SELECT uuid AS id FROM files')
    const [uploads, direct] = await Promise.all(ask(worker, token, 11))
    expect(uploads?.status).toBe(400)
    expect((await bodyOf(uploads ?? expect.fail())).errors).toEqual([
      { field: 'sha256', message: expect.stringContaining('10 bytes') },
    ])
    expect(direct?.status).toBe(422)
    expect((await bodyOf(direct ?? expect.fail())).detail).toEqual([
      {
        loc: ['body', 'blob', 'checksum'],
        msg: expect.stringContaining('10 bytes'),
        type: expect.any(String),
      },
    ])
    expect(await rows('SELECT uuid AS id FROM files')).toEqual(before)
  })

  it('is taken where the store compares it itself', async () => {
    const { worker, token } = await startOver(r2, { HASH_MAX_BYTES: '10' })
    for (const answer of await Promise.all(ask(worker, token, 11))) expect(answer.status).toBeLessThan(300)
  })
})
