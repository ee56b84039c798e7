import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { grants, heldBy } from '../../support/grants'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { r2, startOver } from '../../support/start-over'
import { put } from '../../support/uploads'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, own: grants(over.worker, over.token) }
}

const minute = 60_000
const day = 24 * 60 * minute

describe('POST /v1/grants', () => {
  it('tells the token and the address once, with all terms', async () => {
    const { own } = await start()
    const terms = {
      maxBytes: 5 * 1024 ** 4,
      maxFiles: 1000,
      contentTypes: ['image/*', 'application/pdf'],
      metadata: { ticket: { number: 1 } },
      origins: ['https://app.example.com', 'http://localhost:*'],
    }
    const answer = await own.create({ ...terms, expiresIn: 60 })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { token, ...said } = await bodyOf(answer)
    expect(token).toMatch(/^slipgrant_[A-Za-z0-9_-]+$/)
    expect(said).toEqual({
      id: expect.stringMatching(/^grant_[0-9a-f]{32}$/),
      url: `https://gateway.example.com/g/${token}`,
      expiresAt: expect.any(String),
      ...terms,
    })
    expect(Date.parse(said.expiresAt) - Date.now()).toBeLessThanOrEqual(minute)
    expect(Date.parse(said.expiresAt) - Date.now()).toBeGreaterThan(minute / 2)
  })

  it('allows one file of any type for a quarter of an hour unless told otherwise', async () => {
    const { own } = await start()
    const said = await bodyOf(await own.create({ maxBytes: 0 }))
    expect(said).toMatchObject({ maxFiles: 1, contentTypes: null, metadata: {}, origins: null, maxBytes: 0 })
    expect(Date.parse(said.expiresAt) - Date.now()).toBeGreaterThan(14 * minute)
  })

  it.each([
    [{}, 'maxBytes is required and must be a whole number of bytes from 0 to 5 TiB'],
    [{ maxBytes: -1 }, 'maxBytes must be a whole number of bytes from 0 to 5 TiB, not -1'],
    [{ maxBytes: 1, maxfiles: 2 }, 'maxfiles is not a field of this request'],
    [{ maxBytes: 1, maxFiles: 0 }, 'maxFiles must be a whole number from 1 to 1000, not 0'],
    [{ maxBytes: 1, expiresIn: 59 }, 'expiresIn must be a whole number of seconds from 60 to 604800, not 59'],
    [{ maxBytes: 1, contentTypes: ['*/png'] }, 'contentTypes.0 must be a list of media types'],
    [
      { maxBytes: 1, contentTypes: ['text/plain; charset=utf-8'] },
      'contentTypes.0 must be a list of media types',
    ],
    [{ maxBytes: 1, contentTypes: [] }, 'contentTypes must name a type, or be left out'],
    [
      { maxBytes: 1, metadata: { a: 'x'.repeat(2100) } },
      'metadata must be an object of at most 2048 bytes as JSON',
    ],
    [{ maxBytes: 1, origins: ['app.example.com'] }, 'origins.0 must be a list of origins'],
    [
      {
        maxBytes: 1,
        origins: Array.from(
          { length: 20 },
          (_, n) =>
            `https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}${n}.example.com`,
        ),
      },
      'contentTypes, metadata and origins must be at most 4096 bytes together',
    ],
  ])('refuses %j by name, and leaves nothing behind', async (json, detail) => {
    const { own } = await start()
    const answer = await own.create(json, { 'idempotency-key': 'once' })
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).detail).toContain(detail)
    expect(await rows('SELECT idempotency_key FROM idempotency_records')).toEqual([])
  })

  it('has room in a token for the longest terms', async () => {
    const { own } = await start()
    const origins = Array.from(
      { length: 20 },
      (_, n) => `https://${'a'.repeat(60)}.${'b'.repeat(18)}${n}.org`,
    )
    const metadata = { text: 'x'.repeat(1900) }
    const held = await own.hold({ maxBytes: 5 * 1024 ** 4, maxFiles: 1000, metadata, origins })
    expect((await held.call('GET', '')).status).toBe(200)
  })

  it('asks the database nothing with a verified key, and writes nothing', async () => {
    const { worker, token } = await start()
    const calls = recordCalls()
    const counted = startWorker({ DB: interceptDatabase(env.DB, calls) })
    const own = grants(counted, token)
    await own.create({ maxBytes: 1 })
    const before = calls.names.length
    expect((await own.create({ maxBytes: 1 })).status).toBe(201)
    expect(calls.names.slice(before)).toEqual([])
    expect(await rows('SELECT id FROM grants')).toEqual([])
    expect((await worker.call('GET', '/v1/grants', { token })).status).toBe(200)
  })

  it('makes one grant of a repeated request under an Idempotency-Key', async () => {
    const { own } = await start()
    const once = { 'idempotency-key': 'once' }
    const first = await bodyOf(await own.create({ maxBytes: 1 }, once))
    vi.setSystemTime(Date.now() + minute)
    const again = await own.create({ maxBytes: 1 }, once)
    expect([await bodyOf(again), again.headers.get('idempotent-replayed')]).toEqual([first, 'true'])
    expect((await own.create({ maxBytes: 2 }, once)).status).toBe(422)
  })

  it('is for members that may write: not for the root key, a key that reads, or a grant', async () => {
    const { worker, own } = await start()
    const reads = await worker.organization('acme', ['files:read'])
    const { token } = await own.hold()
    for (const wrong of [rootKey, reads, token])
      expect((await grants(worker, wrong).create({ maxBytes: 1 })).status).toBe(403)
  })
})

describe('a grant', () => {
  it('is known from its first use on, with its files, and listed newest first', async () => {
    const { own } = await start()
    const held = await own.hold({ maxFiles: 2, maxBytes: 10, contentTypes: ['text/plain'] })
    const unused = await own.get(held.id)
    expect([unused.status, (await bodyOf(unused)).detail]).toEqual([
      404,
      'There is no such grant, or it was never used: a grant is known from its first use on',
    ])
    const one = await held.inOne('12345')
    const two = await held.inOne('1')
    const used = await bodyOf(await own.get(held.id))
    expect(used).toEqual({
      id: held.id,
      ...{ maxBytes: 10, maxFiles: 2, contentTypes: ['text/plain'], metadata: {}, origins: null },
      ...{ expiresAt: expect.any(String), filesUsed: 2, bytesUsed: 6, revokedAt: null },
      files: [two.id, one.id],
    })
    expect(used).not.toHaveProperty('token')
    vi.setSystemTime(Date.now() + 1000)
    const later = await own.hold()
    await later.inOne('1')
    const page = await bodyOf(await own.call('GET', '?limit=1'))
    expect(page).toMatchObject({ grants: [{ id: later.id }], hasMore: true, nextCursor: later.id })
    const next = await bodyOf(await own.call('GET', `?limit=1&cursor=${page.nextCursor}`))
    expect(next).toMatchObject({ grants: [{ id: held.id }], hasMore: false, nextCursor: null })
    expect((await own.call('GET', '?cursor=x')).status).toBe(400)
  })

  it('tells its holder what is left, and nothing of its files', async () => {
    const { own } = await start()
    const held = await own.hold({ maxFiles: 2, maxBytes: 10 })
    expect(await bodyOf(await held.call('GET', ''))).toMatchObject({ filesUsed: 0, bytesUsed: 0 })
    await held.inOne('12345')
    const said = await bodyOf(await held.call('GET', ''))
    expect(said).toMatchObject({ id: held.id, filesUsed: 1, bytesUsed: 5, maxBytes: 10, maxFiles: 2 })
    expect(said).not.toHaveProperty('files')
  })

  it('begins nothing once it is revoked: at once here, and by its first batch in every other isolate', async () => {
    const { own, start: another } = await start()
    const held = await own.hold({ maxFiles: 5 })
    const { id } = await held.inOne('hello')
    const elsewhere = heldBy(another(), held)
    expect((await elsewhere.create({ size: 1 })).status).toBe(201)
    for (let times = 0; times < 2; times++) expect((await own.revoke(held.id)).status).toBe(204)
    expect((await held.call('GET', `/v1/uploads/${id}`)).status).toBe(401)
    const refused = await held.create({ size: 1 })
    expect([refused.status, (await bodyOf(refused)).detail]).toEqual([401, 'The token is revoked'])
    // An isolate that verified it within the last 30 s lets it look, and begin nothing.
    expect((await elsewhere.create({ size: 1 })).status).toBe(401)
    vi.setSystemTime(Date.now() + 31_000)
    expect((await elsewhere.call('GET', `/v1/uploads/${id}`)).status).toBe(401)
    expect((await bodyOf(await own.get(held.id))).revokedAt).toEqual(expect.any(String))
  })

  it('can be revoked before its first use', async () => {
    const { own, start: another } = await start()
    const held = await own.hold()
    expect((await own.revoke(held.id)).status).toBe(204)
    expect((await heldBy(another(), held).create({ size: 1 })).status).toBe(401)
    expect(await bodyOf(await own.get(held.id))).toMatchObject({ maxBytes: null, filesUsed: 0, files: [] })
    expect((await own.revoke('grant_x')).status).toBe(404)
  })

  it('that was revoked before its first use begins nothing of unknown size either, where it is still trusted', async () => {
    const { own, start: another, token } = await start()
    const held = await own.hold()
    expect((await held.call('GET', '')).status).toBe(200)
    expect((await grants(another(), token).revoke(held.id)).status).toBe(204)
    expect((await held.put('a.txt', new Blob(['hello']).stream())).status).toBe(401)
    expect(await rows('SELECT id FROM files')).toEqual([])
  })

  it('that cannot live any more is revoked without a row', async () => {
    const { own } = await start()
    const held = await own.hold()
    vi.setSystemTime(Date.now() + 8 * day)
    expect((await own.revoke(held.id)).status).toBe(204)
    expect((await own.revoke(`grant_${'0'.repeat(32)}`)).status).toBe(204)
    expect(await rows('SELECT id FROM grants')).toEqual([])
  })

  it('is another organization’s to nobody', async () => {
    const { own, worker } = await start()
    const held = await own.hold()
    await held.inOne('1')
    const other = grants(worker, await worker.organization('other'))
    expect((await other.get(held.id)).status).toBe(404)
    expect((await other.revoke(held.id)).status).toBe(204)
    expect((await held.call('GET', '')).status).toBe(200)
    expect(await bodyOf(await other.call('GET', ''))).toMatchObject({
      grants: [{ id: held.id, filesUsed: 0 }],
    })
  })

  it('ends when it expires', async () => {
    const { own } = await start()
    const held = await own.hold({ expiresIn: 60 })
    vi.setSystemTime(Date.now() + 61_000)
    const answer = await held.create({ size: 1 })
    expect([answer.status, (await bodyOf(answer)).detail]).toEqual([401, 'The token is expired'])
  })

  it('is nothing once a character is changed, or another token stands in its place', async () => {
    const { own, worker, token } = await start()
    const held = await own.hold()
    for (let at = 0; at < held.token.length; at += 7) {
      const other = held.token[at] === 'A' ? 'B' : 'A'
      const changed = held.token.slice(0, at) + other + held.token.slice(at + 1)
      expect((await worker.call('GET', `/g/${changed}`)).status, `character ${at}`).toBe(401)
    }
    for (const wrong of [token, rootKey, 'x'])
      expect((await worker.call('GET', `/g/${wrong}/v1/organizations/acme`)).status).toBe(401)
  })

  it('is forgotten five weeks later, when new ones are used', async () => {
    const { own, worker, token } = await start()
    const held = await own.hold()
    const { id } = await held.inOne('hello')
    vi.setSystemTime(Date.now() + 2 * day)
    await worker.runCron()
    vi.setSystemTime(Date.now() + 40 * day)
    const fresh = grants(worker, token)
    await (await fresh.hold()).inOne('hello')
    expect((await fresh.get(held.id)).status).toBe(404)
    // A file outlives its grant.
    expect((await worker.call('GET', `/v1/uploads/${id}`, { token })).status).toBe(200)
  })

  it('keeps working while SIGNING_SECRET is rotated', async () => {
    const { own, start: another } = await start()
    const held = await own.hold()
    const rotated = { SIGNING_SECRET: 'n'.repeat(40), SIGNING_SECRET_PREVIOUS: env.SIGNING_SECRET }
    expect((await heldBy(another(rotated), held).create({ size: 1 })).status).toBe(201)
    expect((await heldBy(another({ SIGNING_SECRET: 'n'.repeat(40) }), held).create({ size: 1 })).status).toBe(
      401,
    )
  })
})

describe('an upload under a grant', () => {
  it('takes as many round trips as one under a key', async () => {
    const { own, token } = await start()
    const held = await own.hold({ maxFiles: 3 })
    const calls = recordCalls()
    const counted = startWorker({ DB: interceptDatabase(env.DB, calls) })
    const trips = async (call: () => Promise<unknown>) => {
      const before = calls.names.length
      await call()
      return calls.names.length - before
    }
    const holder = heldBy(counted, held)
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
    const member = (path: string, body?: unknown) =>
      counted.call('POST', path, { token, ...(body === undefined ? {} : { json: body }) })
    // Also while the isolate does not know the credential yet.
    expect(await trips(() => member('/v1/uploads', json))).toBe(1)
    expect(await trips(() => holder.create(json))).toBe(1)
    const [under, by] = [
      await bodyOf(await holder.create(json)),
      await bodyOf(await member('/v1/uploads', json)),
    ]
    for (const made of [under, by]) await put(made, 'hello')
    const expected = await trips(() => member(`/v1/uploads/${by.id}/complete`))
    expect(await trips(() => holder.call('POST', `/v1/uploads/${under.id}/complete`))).toBe(expected)
  })
})
