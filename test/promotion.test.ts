import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import {
  inPartsPromise,
  keyIn,
  leastPartBytes,
  otherOrganizationsKey,
  type Promised,
  type Promising,
  prefixedId,
  putTo,
  readEverywhere,
  singlePutPromises,
  type Told,
} from './support/handed-out'
import { expectInvariants } from './support/invariants'
import { filesPath } from './support/quantcdn'
import { type StoreKind, sealingStores, startOver } from './support/start-over'
import { bodyOf, objectKeys, rows, type TestWorker } from './support/worker'

const hour = 3_600_000

/** The longest that a URL of these tests lives: that of a part. */
const urlLifeMs = { put: hour, parts: 7 * 24 * hour }

type Promisee = { worker: TestWorker; token: string; promised: Promised }

/** How what has come becomes a ready file. */
const settlings: Record<string, (promisee: Promisee) => Promise<void>> = {
  async complete({ worker, token, promised }) {
    const path = `/v1/uploads/${prefixedId(promised.fileId)}/complete`
    expect((await worker.call('POST', path, { token })).status).toBe(200)
  },
  async read({ worker, token, promised }) {
    expect((await worker.call('GET', `${filesPath}/${promised.fileId}`, { token })).status).toBe(200)
  },
  async event({ worker, promised }) {
    const key = promised.told.map(keyIn)[0] ?? ''
    const object = await env.BUCKET.head(key)
    const body = {
      account: 'a',
      bucket: 'slipway',
      action: 'PutObject',
      eventTime: new Date().toISOString(),
      object: { key, size: object?.size, eTag: object?.etag },
    }
    expect((await worker.deliver([{ id: 'm', body }])).acked).toEqual(['m'])
  },
  async sweep({ worker }) {
    vi.setSystemTime(Date.now() + urlLifeMs.put)
    await worker.runCron()
  },
}

/** Tries everything that can be done with what was told, and returns how many of these PUTs the store took. */
async function attack(told: Told, right: string, victimsKey: string): Promise<number> {
  const other = right.replace(/./g, 'x')
  const source = `/slipway/${victimsKey}`.slice(1)
  const own = keyIn(told)
  const statuses = [
    await putTo(told, right),
    await putTo(told, other),
    // Where the size is sealed a real store refuses these; this one lets them through, which is worse.
    await putTo(told, `${other}, and more of it`),
    await putTo(told, other.slice(1)),
    await putTo(told, ''),
    await putTo(told, other, { 'Content-Disposition': 'inline', 'x-amz-meta-a': 'b' }),
    await putTo(told, other, { 'x-amz-copy-source': source }),
    await putTo(told, other, { 'x-amz-copy-source': source, 'x-amz-metadata-directive': 'REPLACE' }),
    await putTo(told, other, { 'x-amz-copy-source': encodeURIComponent(source) }),
    await putTo(told, other, { 'x-amz-copy-source': `slipway/${own}` }),
  ]
  for (const status of statuses) expect([200, 400, 403, 404, 412]).toContain(status)
  return statuses.filter((status) => status === 200).length
}

async function contentOf(fileId: string) {
  const [content] = await rows<{
    object_key: string
    etag: string
    sha256: string | null
    byte_size: number
  }>(
    `SELECT c.object_key, c.etag, nullif(lower(hex(c.sha256)), '') AS sha256, c.byte_size FROM files f JOIN contents c ON c.id = f.content_id
     WHERE f.uuid = ?1 AND f.status = 'ready'`,
    fileId,
  )
  return content ?? expect.fail('it is not ready')
}

async function expectUnchanged(
  { worker, token, promised }: Promisee,
  right: string,
  before: Awaited<ReturnType<typeof contentOf>>,
) {
  expect(await contentOf(promised.fileId)).toEqual(before)
  expect((await env.BUCKET.head(promised.key))?.etag).toBe(before.etag)
  const [{ is_public } = { is_public: 0 }] = await rows<{ is_public: number }>(
    'SELECT is_public FROM files WHERE uuid = ?1',
    promised.fileId,
  )
  const seen = await readEverywhere(worker, token, promised, { isPublic: is_public === 1 })
  for (const [way, text] of Object.entries(seen)) expect(text === right, `what ${way} shows`).toBe(true)
  for (const path of [filesPath, '/v1/files']) {
    const list = await bodyOf(await worker.call('GET', path, { token }))
    const [listed] = list.files ?? list.items
    expect([listed.size ?? listed.sizeBytes, listed.contentType]).toEqual([right.length, 'text/plain'])
  }
}

async function sha256Of(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toHex()
}

/** A file that is ready, and every URL that was handed out for it until then and afterwards. */
async function settled(kind: StoreKind, promising: Promising, right: string, settling: string) {
  const { worker, token } = await startOver(kind, promising.bindings)
  const victimsKey = await otherOrganizationsKey(worker, right.replace(/./g, 'v'))
  const promised = await promising.promise(worker, token, right)
  const pending = await promised.askAgain()
  const promisee = { worker, token, promised }
  const isInParts = promising === inPartsPromise
  const pieces = isInParts ? [right.slice(0, leastPartBytes), right.slice(leastPartBytes)] : [right]
  for (const [at, piece] of pieces.entries())
    expect(await putTo(promised.told[at] ?? expect.fail('no URL'), piece)).toBe(200)
  await settlings[settling]?.(promisee)
  const told = [...promised.told, ...pending, ...(await promised.askAgain())]
  return { ...promisee, told, victimsKey, before: await contentOf(promised.fileId) }
}

/** Nothing of what was tried is there a day after the last URL has expired, and the file is as it was. */
async function expectNothingLeft(
  { victimsKey, before, ...promisee }: Awaited<ReturnType<typeof settled>>,
  right: string,
  lifeMs: number,
) {
  vi.setSystemTime(Date.now() + lifeMs + 25 * hour)
  for (let round = 0; round < 2; round++) await promisee.worker.runCron()
  expect((await objectKeys()).sort()).toEqual([promisee.promised.key, victimsKey].sort())
  for (const table of ['object_deletions', 'uploads'])
    expect(await rows(`SELECT * FROM ${table}`)).toEqual([])
  await expectUnchanged(promisee, right, before)
  await expectInvariants({ swept: true })
}

describe.each(sealingStores)('no URL can change a ready file: $name', (kind) => {
  const right = 'right bytes!'
  const ways = Object.keys(settlings)
  // Over the four stores, each is settled in each way.
  const cases = singlePutPromises.map((promising, at) => ({
    name: promising.name,
    promising,
    settling: ways[(at + sealingStores.indexOf(kind)) % ways.length] ?? '',
  }))

  it.each(cases)('$name, settled by $settling', async ({ promising, settling }) => {
    const file = await settled(kind, promising, right, settling)
    const { promised, told, before, victimsKey } = file
    expect(before).toMatchObject({ object_key: promised.key, byte_size: right.length })
    expect(before.sha256).toBe(await sha256Of(right))
    const isPromoted = promising.isPromoted(kind)
    for (const one of told) expect(keyIn(one) === promised.key).toBe(!isPromoted)
    expect(told.length).toBeGreaterThanOrEqual(3)
    await expectUnchanged(file, right, before)

    // Those of before are still valid, unless it was their expiry that settled the file.
    for (const one of settling === 'sweep' ? told.slice(-1) : told) {
      const taken = await attack(one, right, victimsKey)
      // Where bytes stay where they are put, nothing gets there any more; elsewhere something does, to no end.
      expect(taken > 0, `${taken} taken`).toBe(isPromoted)
      await expectUnchanged(file, right, before)
    }
    await expectNothingLeft(file, right, urlLifeMs.put)
  })

  it('/v1/uploads, in parts', async () => {
    const right = 'r'.repeat(leastPartBytes + 3)
    const file = await settled(kind, inPartsPromise, right, 'complete')
    expect(file.told.length).toBeGreaterThanOrEqual(4)
    for (const one of file.told)
      for (const [bytes, more] of [
        ['xxx', {}],
        ['xxx', { 'x-amz-copy-source': `slipway/${file.victimsKey}` }],
      ] as const) {
        expect([403, 404]).toContain(await putTo(one, bytes, more))
        // The part's URL without its part is another request, and not signed.
      }
    await expectUnchanged(file, right, file.before)
    await expectNothingLeft(file, right, urlLifeMs.parts)
  })
})
