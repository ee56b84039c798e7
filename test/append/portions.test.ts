import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type FileId, sha256Of } from '../../src/core/ids'
import { appender, brokenOff, contentOf, cut, held, portionOf } from '../support/append'
import { expectInvariants } from '../support/invariants'
import { listingStores, r2, s3 } from '../support/start-over'
import { objectKeys, rows } from '../support/worker'

const partBytes = 5 * 1024 ** 2

const codeOf = (code: string) => expect.objectContaining({ failure: expect.objectContaining({ code }) })

describe.each(listingStores)('an upload in portions over $name', (store) => {
  it('keeps what had come when the client broke off', async () => {
    const api = await appender(store)
    const bytes = contentOf(3 * partBytes + 17)
    const { file } = await api.create(bytes.length)
    for (const at of [10, partBytes - 1, partBytes, 2 * partBytes + 5]) {
      const { file: now } = await api.look(file.id)
      const offset = receivedOf(now)
      const portion = brokenOff(bytes.subarray(offset, at), offset, bytes.length - offset)
      await expect(api.append(file.id, portion)).rejects.toThrow('the client has gone')
      expect(receivedOf((await api.look(file.id)).file)).toBe(at)
      await expectInvariants({ swept: true })
    }
    const offset = 2 * partBytes + 5
    const done = await api.append(file.id, portionOf(bytes.subarray(offset), offset))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
  })

  it('takes chunks whose number no client says, cut off anywhere', async () => {
    const api = await appender(store)
    const bytes = contentOf(partBytes + 100)
    const { file } = await api.create(bytes.length)
    await expect(api.append(file.id, brokenOff(bytes.subarray(0, 300_000), 0, null))).rejects.toThrow()
    expect(receivedOf((await api.look(file.id)).file)).toBe(300_000)
    const done = await api.append(file.id, portionOf(bytes.subarray(300_000), 300_000, false))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it.each([
    ['with a last portion of no bytes', 1000],
    ['with a last portion of no bytes, in parts', 8 * 1024 ** 2 + 10],
  ])('learns its length %s', async (_, byteSize) => {
    const api = await appender(store)
    const bytes = contentOf(byteSize)
    const { file } = await api.create(null, portionOf(bytes, 0))
    const done = await api.append(file.id, { ...portionOf(bytes.subarray(0, 0), byteSize), byteSize })
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
  })

  it.each([
    ['one part', 1000],
    ['parts', partBytes + 10],
  ])('is settled by a look where the client broke off after the last byte of %s', async (_, byteSize) => {
    const api = await appender(store)
    const bytes = contentOf(byteSize)
    const { file } = await api.create(bytes.length)
    await expect(api.append(file.id, brokenOff(bytes, 0, null))).rejects.toThrow('the client has gone')
    await expectInvariants({ swept: false })
    expect((await api.look(file.id)).status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
  })

  it('is one file after hundreds of small portions, with few pieces at any time', async () => {
    const api = await appender(store)
    const bytes = contentOf(600 * 64 + 1)
    const { file } = await api.create(bytes.length)
    let pieces = 0
    let offset = 0
    for (const chunk of cut(bytes, 64)) {
      await api.append(file.id, portionOf(chunk, offset))
      offset += chunk.length
      if (offset % 640 === 0) pieces = Math.max(pieces, (await objectKeys()).length)
    }
    expect(pieces).toBeGreaterThan(5)
    expect(pieces).toBeLessThan(80)
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
  })

  it('puts the pieces of many portions that broke off together', async () => {
    const api = await appender(store)
    const bytes = contentOf(150)
    const { file } = await api.create(bytes.length)
    for (let at = 0; at < 149; at++)
      await expect(api.append(file.id, brokenOff(bytes.subarray(at, at + 1), at, null))).rejects.toThrow()
    expect((await objectKeys()).length).toBeLessThan(80)
    await expectInvariants({ swept: true })
    const done = await api.append(file.id, portionOf(bytes.subarray(149), 149))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it('keeps all bytes of a portion with a digest, or none', async () => {
    const api = await appender(store)
    const bytes = contentOf(2 * partBytes + 9)
    const { file } = await api.create(bytes.length)
    await api.append(file.id, portionOf(bytes.subarray(0, 7), 0))
    const expected = await sha256Of(bytes.subarray(7))
    const wrong = { algorithm: 'sha256', expected: '0'.repeat(64) } as const
    await expect(api.append(file.id, { ...portionOf(bytes.subarray(7), 7), digest: wrong })).rejects.toEqual(
      codeOf('digest_mismatch'),
    )
    expect(receivedOf((await api.look(file.id)).file)).toBe(7)
    await expect(
      api.append(file.id, { ...brokenOff(bytes.subarray(7, partBytes * 2), 7, null), digest: wrong }),
    ).rejects.toThrow('the client has gone')
    expect(receivedOf((await api.look(file.id)).file)).toBe(7)
    const done = await api.append(file.id, {
      ...portionOf(bytes.subarray(7), 7),
      digest: { algorithm: 'sha256', expected },
    })
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
  })

  it('refuses bytes of another type with the part that shows it, and keeps nothing', async () => {
    const api = await appender(store)
    const png = contentOf(partBytes + 10)
    png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52])
    for (const byteSize of [partBytes + 10, 2000]) {
      const { file } = await api.create(byteSize, null, {
        file: { ...api.file, contentType: 'application/pdf' },
      })
      await expect(api.append(file.id, portionOf(png.subarray(0, byteSize), 0))).rejects.toEqual(
        codeOf('upload_refused'),
      )
      await expect(api.look(file.id)).rejects.toEqual(codeOf('upload_over'))
    }
    expect(await objectKeys()).toEqual([])
    expect(api.multiparts()).toEqual([])
  })
})

describe.each([
  ['breaks off', (bytes: Uint8Array<ArrayBuffer>) => brokenOff(bytes.subarray(0, 500), 0, bytes.length)],
  [
    'has another digest',
    (bytes: Uint8Array<ArrayBuffer>) => ({
      ...portionOf(bytes, 0),
      digest: { algorithm: 'sha256' as const, expected: '0'.repeat(64) },
    }),
  ],
])('a creation whose first portion %s', (_, portion) => {
  it('leaves nothing, as no client was told of it', async () => {
    const api = await appender(r2)
    for (const byteSize of [1000, partBytes + 1000])
      await expect(api.create(byteSize, portion(contentOf(byteSize)))).rejects.toThrow()
    expect(await rows('SELECT * FROM files')).toEqual([])
    expect(api.multiparts()).toEqual([])
    await api.worker.runCron()
    expect(await objectKeys()).toEqual([])
  })

  it('is gone on with under its idempotency key', async () => {
    const api = await appender(r2)
    const bytes = contentOf(1000)
    const key = { idempotencyKey: { text: 'once', caller: { kind: 'root' as const } } }
    await expect(api.create(1000, portion(bytes), key)).rejects.toThrow()
    const { file } = await api.create(1000, portionOf(bytes, 0), key)
    const offset = receivedOf(file)
    expect((await api.append(file.id, portionOf(bytes.subarray(offset), offset))).status).toBe('ready')
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
  })
})

describe('one upload and two requests', () => {
  it('refuses the second one while the first appends', async () => {
    const api = await appender(r2)
    const bytes = contentOf(1000)
    const { file } = await api.create(bytes.length)
    const first = held(bytes, 0)
    const appended = api.append(file.id, first.portion)
    await first.isUnderWay
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('append_in_progress'))
    first.goOn()
    expect((await appended).status).toBe('ready')
  })

  it('has a look take the upload over: what the first one sends after that is not kept', async () => {
    const api = await appender(r2)
    const bytes = contentOf(2 * partBytes)
    const { file } = await api.create(bytes.length)
    const first = held(bytes, 0)
    const appended = api.append(file.id, first.portion)
    const refused = expect(appended).rejects.toEqual(codeOf('append_in_progress'))
    await first.isUnderWay
    const looked = await api.look(file.id)
    // The first part was whole, and was kept before.
    expect(receivedOf(looked.file)).toBe(partBytes)
    first.goOn()
    await refused
    const done = await api.append(file.id, portionOf(bytes.subarray(partBytes), partBytes))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    await expectInvariants({ swept: true })
  })

  it.each([
    ['leaves out the number of a part that an overtaken request may still put', r2, 2],
    ['leaves out no number where the store wants all parts named', s3, 1],
  ])('%s', async (_, store, number) => {
    const api = await appender(store)
    const bytes = contentOf(2 * partBytes + 1)
    const { file } = await api.create(bytes.length)
    const first = held(bytes.subarray(0, partBytes), 0)
    const appended = api.append(file.id, first.portion)
    const refused = expect(appended).rejects.toEqual(codeOf('append_in_progress'))
    await first.isUnderWay
    await api.look(file.id)
    await api.append(file.id, portionOf(bytes.subarray(0, partBytes), 0))
    first.goOn()
    await refused
    expect(await rows('SELECT part_number FROM upload_parts')).toEqual([{ part_number: number }])
    const done = await api.append(file.id, portionOf(bytes.subarray(partBytes), partBytes))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it('leaves out all numbers that an overtaken request puts without recording its parts', async () => {
    const api = await appender(r2)
    const bytes = contentOf(3 * partBytes)
    const { file } = await api.create(bytes.length)
    const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>()
    const { promise: isUnderWay, resolve: underWay } = Promise.withResolvers<void>()
    const chunks = (async function* () {
      yield bytes.subarray(0, 2 * partBytes - 1)
      underWay()
      await goesOn
      yield bytes.subarray(2 * partBytes - 1)
    })()
    const whole = { offset: 0, announcedBytes: bytes.length, chunks, isAtomic: true }
    const refused = expect(api.append(file.id, whole)).rejects.toEqual(codeOf('append_in_progress'))
    await isUnderWay
    await api.look(file.id)
    await api.append(file.id, portionOf(bytes.subarray(0, partBytes), 0))
    // The second part of the overtaken request is put now.
    goOn()
    await refused
    const done = await api.append(file.id, portionOf(bytes.subarray(partBytes), partBytes))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it('numbers the parts of portions that are kept whole without a gap', async () => {
    const api = await appender(r2)
    const bytes = contentOf(4 * partBytes + 1)
    const { file } = await api.create(bytes.length)
    for (const offset of [0, 2 * partBytes]) {
      const portion = portionOf(bytes.subarray(offset, offset + 2 * partBytes), offset)
      await api.append(file.id, { ...portion, isAtomic: true })
    }
    expect(await rows('SELECT part_number FROM upload_parts')).toEqual(
      [1, 2, 3, 4].map((part_number) => ({ part_number })),
    )
  })

  it.each([null, 2 * partBytes])('waits for the store to have begun it, of length %s', async (byteSize) => {
    const api = await appender(r2)
    const { file } = await api.create(byteSize)
    // As long as the request that creates it has no answer of the store.
    await env.DB.prepare('UPDATE uploads SET multipart_id = NULL').run()
    await expect(api.append(file.id, portionOf(contentOf(10), 0))).rejects.toEqual(
      codeOf('append_in_progress'),
    )
    expect(receivedOf((await api.look(file.id)).file)).toBe(0)
  })

  it('is not refused by an overtaken request that finds its pieces in a part', async () => {
    const api = await appender(r2)
    const bytes = contentOf(partBytes + 1000)
    const { file } = await api.create(bytes.length)
    await api.append(file.id, portionOf(bytes.subarray(0, 400), 0))
    const first = held(bytes.subarray(400, partBytes), 400)
    const refused = expect(api.append(file.id, first.portion)).rejects.toEqual(codeOf('append_in_progress'))
    await first.isUnderWay
    await api.look(file.id)
    await api.append(file.id, portionOf(bytes.subarray(400, partBytes), 400))
    expect(await objectKeys(), 'pieces').toEqual([])
    first.goOn()
    await refused
    const done = await api.append(file.id, portionOf(bytes.subarray(partBytes), partBytes))
    expect(done.status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it('is refused when the store has lost a piece of it', async () => {
    const api = await appender(r2)
    const { file } = await api.create(1000, portionOf(contentOf(400), 0))
    await env.BUCKET.delete(await objectKeys())
    await expect(api.append(file.id, portionOf(contentOf(600), 400))).rejects.toEqual(
      codeOf('upload_refused'),
    )
    await expect(api.look(file.id)).rejects.toEqual(codeOf('upload_over'))
    await expectInvariants({ swept: true })
  })

  it('takes an object of the same bytes for its own, and refuses one of others', async () => {
    const api = await appender(r2)
    const bytes = contentOf(1000)
    for (const [put, status] of [
      [bytes, 'ready'],
      [contentOf(999), 'refused'],
    ] as const) {
      const { file } = await api.create(bytes.length)
      // As an earlier request whose answer was lost would have put it.
      const { objectKey } = (file as { upload: { objectKey: string } }).upload
      await env.BUCKET.put(objectKey, put, { httpMetadata: { contentType: file.contentType } })
      const done = api.append(file.id, portionOf(bytes, 0))
      if (status === 'ready') expect((await done).status).toBe('ready')
      else await expect(done).rejects.toEqual(codeOf('upload_refused'))
    }
    await expectInvariants({ swept: true })
  })

  it('is left for dead by a request that falls silent, after a while', async () => {
    const api = await appender(r2)
    const bytes = contentOf(100)
    const { file } = await api.create(bytes.length)
    await env.DB.prepare("UPDATE uploads SET append_token = 'a', append_until = ?1")
      .bind(Date.now() + 60_000)
      .run()
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('append_in_progress'))
    await env.DB.prepare('UPDATE uploads SET append_until = ?1')
      .bind(Date.now() - 1)
      .run()
    expect((await api.append(file.id, portionOf(bytes, 0))).status).toBe('ready')
  })
})

describe('what an upload may have', () => {
  it('is not kept from the next request when what came of a portion is too much', async () => {
    const api = await appender(r2)
    await env.DB.prepare('UPDATE organizations SET quota_bytes = 1000').run()
    const { file } = await api.create(null)
    await expect(api.append(file.id, brokenOff(contentOf(1001), 0, null))).rejects.toThrow(
      'the client has gone',
    )
    expect(await objectKeys()).toEqual([])
    const next = await api.append(file.id, portionOf(contentOf(10), 0))
    expect(receivedOf(next.file)).toBe(10)
  })

  it.each([
    ['another offset', { offset: 5, bytes: 10, byteSize: null }, 'offset_mismatch'],
    ['more bytes than it is to have', { offset: 10, bytes: 91, byteSize: null }, 'beyond_length'],
    ['another length', { offset: 10, bytes: 1, byteSize: 101 }, 'length_mismatch'],
  ])('is not %s', async (_, { offset, bytes, byteSize }, code) => {
    const api = await appender(r2)
    const { file } = await api.create(100, portionOf(contentOf(10), 0))
    const portion = { ...portionOf(contentOf(bytes), offset), byteSize }
    await expect(api.append(file.id, portion)).rejects.toEqual(codeOf(code))
    expect(receivedOf((await api.look(file.id)).file)).toBe(10)
  })

  it('is not more bytes than it is to have, also where no client says how many come', async () => {
    const api = await appender(r2)
    const { file } = await api.create(100, portionOf(contentOf(10), 0))
    await expect(api.append(file.id, portionOf(contentOf(91), 10, false))).rejects.toEqual(
      codeOf('beyond_length'),
    )
    expect(receivedOf((await api.look(file.id)).file)).toBe(10)
    await expectInvariants({ swept: true })
  })

  it('is nothing more once it is ready, however the client says that nothing comes', async () => {
    const api = await appender(r2)
    const { file } = await api.create(10, portionOf(contentOf(10), 0))
    for (const isAnnounced of [true, false]) {
      expect((await api.append(file.id, portionOf(contentOf(0), 10, isAnnounced))).status).toBe('ready')
      await expect(api.append(file.id, portionOf(contentOf(1), 10, isAnnounced))).rejects.toEqual(
        codeOf('beyond_length'),
      )
    }
    expect(await api.read(file.id)).toEqual(contentOf(10))
  })

  it('ends with too many bytes where the client wants that', async () => {
    const api = await appender(r2)
    for (const isAnnounced of [true, false]) {
      const { file } = await api.create(100, portionOf(contentOf(10), 0))
      const portion = { ...portionOf(contentOf(91), 10, isAnnounced), endsWhenTooLong: true }
      await expect(api.append(file.id, portion)).rejects.toEqual(codeOf('beyond_length'))
      await expect(api.look(file.id)).rejects.toEqual(codeOf('upload_over'))
    }
  })

  it('is counted against the quota from the beginning, or as it comes', async () => {
    const api = await appender(r2)
    await env.DB.prepare('UPDATE organizations SET quota_bytes = 1000').run()
    await expect(api.create(1001)).rejects.toEqual(codeOf('quota_exceeded'))
    const { file } = await api.create(null, portionOf(contentOf(600), 0))
    await expectInvariants({ swept: true })
    await expect(api.create(401)).rejects.toEqual(codeOf('quota_exceeded'))
    await expect(api.append(file.id, portionOf(contentOf(401), 600))).rejects.toEqual(
      codeOf('quota_exceeded'),
    )
    expect(receivedOf((await api.look(file.id)).file)).toBe(600)
    await expect(api.append(file.id, { ...portionOf(contentOf(1), 600), byteSize: 1001 })).rejects.toEqual(
      codeOf('quota_exceeded'),
    )
    const done = await api.append(file.id, { ...portionOf(contentOf(400), 600), byteSize: 1000 })
    expect(done.status).toBe('ready')
    await expectInvariants({ swept: true })
  })
})

function receivedOf(file: { id: FileId }): number {
  return (file as { upload?: { receivedBytes: number } }).upload?.receivedBytes ?? Number.NaN
}
