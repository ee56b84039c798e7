import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { type Piece, pieceKeyOf } from '../../src/core/append/ledger'
import { firstIdAt, type Grant } from '../../src/core/grants/grant'
import { type FileId, type OrganizationId, sha256Of } from '../../src/core/ids'
import { edgeUploadTtlMs } from '../../src/core/uploads/upload'
import { type Appender, appender, brokenOff, contentOf, held, portionOf } from '../support/append'
import { expectInvariants } from '../support/invariants'
import { meterDatabase, newMeter } from '../support/metered-bindings'
import { listingStores, r2 } from '../support/start-over'
import { objectKeys, rows, startWorker } from '../support/worker'

const partBytes = 5 * 1024 ** 2
const hour = 3_600_000
const day = 24 * hour

const grant: Grant = {
  id: firstIdAt(Date.now()),
  organizationId: 'acme' as OrganizationId,
  maxBytes: 1000,
  maxFiles: 2,
  contentTypes: null,
  metadata: {},
  origins: null,
  expiresAt: Date.now() + hour,
}

/** Puts a piece that no row records, as a request that died then has left it. */
async function putUnrecorded(id: FileId, from: number, to: number): Promise<string> {
  const piece: Piece = { from, to, token: 'f'.repeat(16) }
  const key = pieceKeyOf({ organizationId: 'acme' as OrganizationId, id }, piece)
  await env.BUCKET.put(key, contentOf(to - from))
  return key
}

/** A request has the upload, and is not heard of again. */
async function holdForDead(id: FileId, until: number): Promise<void> {
  const hold = "UPDATE uploads SET append_token = 'dead', append_until = ?2 WHERE file_id = unhex(?1, '-')"
  await env.DB.prepare(hold).bind(id, until).run()
}

/** Uploads of every kind, each left by a client that does not come back; and pieces that no row records. */
async function leaveAll(api: Appender) {
  const begun = async (byteSize: number | null, sent = 0, more = {}) => {
    const { file } = await api.create(byteSize, null, more)
    if (sent > 0) await api.append(file.id, portionOf(contentOf(sent), 0))
    return file.id
  }
  const left = {
    'of no bytes': await begun(100),
    'of no bytes, in parts': await begun(2 * partBytes),
    'in pieces': await begun(1000, 10),
    'in parts and a piece': await begun(3 * partBytes, partBytes + 7),
    'of unknown length': await begun(null),
    'of unknown length, with a piece': await begun(null, 100),
    'of unknown length, in parts': await begun(null, 8 * 1024 ** 2 + 5),
    'that a dead request has': await begun(3 * partBytes, partBytes + 9),
    'that a request has which still runs': await begun(1000, 20),
    'under a grant': await begun(500, 30, { file: { ...api.file, grant } }),
    'under a grant, of unknown length': await begun(null, 40, { file: { ...api.file, grant } }),
  }
  const id = left['in pieces']
  await api.append(id, portionOf(contentOf(5), 10))
  await holdForDead(left['that a dead request has'], Date.now() - 1)
  await holdForDead(left['that a request has which still runs'], Date.now() + 60 * day)
  const beyond = [
    await putUnrecorded(left['of no bytes'], 0, 30),
    await putUnrecorded(id, 10, 16),
    await putUnrecorded(left['in parts and a piece'], partBytes, partBytes + 8),
    await putUnrecorded(left['that a request has which still runs'], 20, 40),
  ]
  const within = [
    await putUnrecorded(id, 10, 15),
    await putUnrecorded(left['in parts and a piece'], partBytes, partBytes + 7),
  ]
  return { count: Object.keys(left).length, beyond, within }
}

const stateOf = async () => ({
  objects: (await env.BUCKET.list()).objects.map(({ key, size, etag }) => ({ key, size, etag })),
  files: await rows('SELECT uuid, status FROM files ORDER BY id'),
  uploads: await rows('SELECT * FROM uploads ORDER BY file_id'),
  parts: await rows('SELECT * FROM upload_parts ORDER BY file_id, part_number'),
  organizations: await rows('SELECT * FROM organizations ORDER BY id'),
  grants: await rows('SELECT * FROM grants'),
})

type Multipart = { object_key: string; multipart_id: string }

/** The multipart uploads in the store that rows name. */
const multiparts = () =>
  rows<Multipart>('SELECT object_key, multipart_id FROM uploads WHERE multipart_id IS NOT NULL')

/** Those of `named` that still take parts. Neither the binding nor its test double lists the binding's own. */
async function openOf(named: readonly Multipart[]): Promise<Multipart[]> {
  const taken = await Promise.all(
    named.map(({ object_key, multipart_id }) =>
      env.BUCKET.resumeMultipartUpload(object_key, multipart_id)
        .uploadPart(9999, 'a part')
        .then(
          () => true,
          () => false,
        ),
    ),
  )
  return named.filter((_, at) => taken[at])
}

const expiry = async () => {
  const [row] = await rows<{ first: number; last: number }>(
    'SELECT min(expires_at) AS first, max(expires_at) AS last FROM uploads',
  )
  return row ?? expect.fail('no upload')
}

/** All that was promised is over, and so long ago that nothing is remembered of it. */
async function expectOver(api: Appender): Promise<void> {
  vi.setSystemTime(Date.now() + 40 * day)
  for (const _ of ['once', 'again']) await api.worker.runCron()
  const openMultiparts = () => api.multiparts().map((id) => ({ key: 'of the S3 endpoint', id }))
  await expectInvariants({ swept: true, over: { openMultiparts } })
}

describe.each(listingStores)('uploads of clients that do not come back, over $name', (store) => {
  it('are left alone until they expire, and cost nothing after that', async () => {
    const api = await appender(store)
    const { count, beyond, within } = await leaveAll(api)
    const before = await stateOf()
    const begun = await multiparts()
    expect(begun.length).toBeGreaterThan(5)
    const { first, last } = await expiry()
    for (const time of [Date.now(), first - 1]) {
      vi.setSystemTime(time)
      await api.worker.runCron()
      const objects = before.objects.filter(({ key }) => !within.includes(key))
      expect(await stateOf()).toEqual({ ...before, objects })
      expect(objects.map(({ key }) => key)).toEqual(expect.arrayContaining(beyond))
      await expectInvariants({ swept: true })
    }
    expect(await openOf(begun)).toEqual(begun)

    vi.setSystemTime(last + 1)
    for (const _ of ['ends them', 'deletes their pieces']) await api.worker.runCron()
    expect(await objectKeys()).toEqual([])
    expect(await openOf(begun)).toEqual([])
    for (const table of ['uploads', 'upload_parts'])
      expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
    expect(await rows('SELECT status, refusal, count(*) AS n FROM files GROUP BY 1, 2')).toEqual([
      { status: 'failed', refusal: JSON.stringify({ code: 'never_arrived' }), n: count },
    ])
    expect(await rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')).toEqual([
      { used_bytes: 0, reserved_bytes: 0, pending_uploads: 0 },
    ])
    expect(await rows('SELECT files_used, bytes_used FROM grants')).toEqual([
      { files_used: 0, bytes_used: 0 },
    ])
    await expectOver(api)
  })

  it.each([
    ['in one piece', 1000],
    ['in parts', partBytes + 10],
  ])(
    'become files if all their bytes had come, and the client had gone before it knew: %s',
    async (_, byteSize) => {
      const api = await appender(store)
      const bytes = contentOf(byteSize)
      const { file } = await api.create(byteSize)
      await expect(api.append(file.id, brokenOff(bytes, 0, null))).rejects.toThrow('the client has gone')
      await holdForDead(file.id, Date.now() + hour)
      vi.setSystemTime((await expiry()).last + 1)
      for (const _ of ['settles it', 'deletes its pieces']) await api.worker.runCron()
      expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
      expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
      expect(await objectKeys()).toHaveLength(1)
      await expectOver(api)
    },
  )

  it.each([
    ['all in parts', 2 * partBytes],
    ['the last ones in a piece', partBytes + 10],
  ])('are refused if all their bytes had come, and the store has lost its parts: %s', async (_, byteSize) => {
    const api = await appender(store)
    const { file } = await api.create(byteSize)
    const portion = brokenOff(contentOf(byteSize), 0, null)
    await expect(api.append(file.id, portion)).rejects.toThrow('the client has gone')
    expect(await rows('SELECT received_bytes FROM uploads')).toEqual([{ received_bytes: byteSize }])
    // As a rule of the bucket does with what is not completed after some days.
    for (const { object_key, multipart_id } of await multiparts())
      await env.BUCKET.resumeMultipartUpload(object_key, multipart_id).abort()
    vi.setSystemTime((await expiry()).last + 1)
    await api.worker.runCron()
    expect(await rows('SELECT status, refusal FROM files')).toEqual([
      { status: 'error', refusal: JSON.stringify({ code: 'parts_lost' }) },
    ])
    await expectOver(api)
  })

  it('go without a trace if the client was never told that there is one', async () => {
    const api = await appender(store)
    const { file } = await api.create(2 * partBytes)
    const begun = await multiparts()
    // The store has begun its multipart upload, and the request died before it noted that.
    const soon = file.createdAt + edgeUploadTtlMs
    await env.DB.prepare('UPDATE uploads SET multipart_id = NULL, sweep_at = ?1').bind(soon).run()
    vi.setSystemTime(soon - 1)
    await api.worker.runCron()
    expect(await openOf(begun)).toHaveLength(1)
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'uploading' }])
    vi.setSystemTime(soon)
    for (const _ of ['ends it', 'aborts it in the store']) await api.worker.runCron()
    // The test double of the S3 endpoint does not know what was begun through the binding, as R2's own does.
    expect(await openOf(begun)).toHaveLength(store.hasBinding ? 1 : 0)
    expect(await rows('SELECT uuid FROM files')).toEqual([])
    expect(await rows('SELECT reserved_bytes, pending_uploads, file_count FROM organizations')).toEqual([
      { reserved_bytes: 0, pending_uploads: 0, file_count: 0 },
    ])
    await expectOver(api)
  })

  it('are ended while a request still appends, which keeps nothing more', async () => {
    const api = await appender(store)
    const { file } = await api.create(2 * partBytes + 9)
    await api.append(file.id, portionOf(contentOf(partBytes + 5), 0))
    const late = held(contentOf(partBytes), partBytes + 5)
    const appended = api.append(file.id, { ...late.portion, announcedBytes: null })
    const refused = expect(appended).rejects.toThrow()
    await late.isUnderWay
    vi.setSystemTime((await expiry()).last + 1)
    await api.worker.runCron()
    late.goOn()
    await refused
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'failed' }])
    await expectOver(api)
  })
})

/** How a client ends an upload or its file through the other APIs. */
const ends: Record<string, (api: Appender, id: FileId) => Promise<Response>> = {
  'deletes the file': ({ worker, token }, id) =>
    worker.call('DELETE', `/v1/files/file_${id.replaceAll('-', '')}`, { token }),
  'aborts the upload': ({ api }, id) => api.abort(id),
}

describe.each(listingStores)('while bytes are appended over $name', (store) => {
  const cases = Object.keys(ends).flatMap((end) => [
    [end, 'in one piece', 1000, 10] as const,
    [end, 'in parts', 2 * partBytes + 9, partBytes + 5] as const,
  ])

  it.each(cases)('another request %s, and nothing of it stays: %s', async (end, _, byteSize, sent) => {
    const api = await appender(store)
    const bytes = contentOf(byteSize)
    for (const isLast of [true, false]) {
      const { file } = await api.create(byteSize)
      await api.append(file.id, portionOf(bytes.subarray(0, sent), 0))
      const begun = await multiparts()
      const late = held(bytes.subarray(sent, isLast ? byteSize : byteSize - 1), sent)
      const appended = api.append(file.id, late.portion)
      const refused = expect(appended).rejects.toThrow()
      await late.isUnderWay
      expect((await ends[end]?.(api, file.id))?.status).toBe(204)
      late.goOn()
      await refused
      await api.worker.runCron()
      expect(await objectKeys()).toEqual([])
      expect(await openOf(begun)).toEqual([])
      expect(await rows('SELECT status FROM files')).toEqual(
        end === 'deletes the file' ? [] : [{ status: 'failed' }],
      )
      await env.DB.prepare('DELETE FROM files').run()
    }
    expect(await rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')).toEqual([
      { used_bytes: 0, reserved_bytes: 0, pending_uploads: 0 },
    ])
    await expectOver(api)
  })
})

describe.each(listingStores)('events of the store over $name', (store) => {
  const tell = async (api: Appender, action: string, keys: readonly string[]) => {
    const messages = keys.map((key, at) => ({
      id: `m${at}`,
      body: {
        account: '0123456789abcdef0123456789abcdef',
        action,
        bucket: 'slipway',
        object: { key, size: 5, eTag: 'd41d8cd98f00b204e9800998ecf8427e' },
        eventTime: '2026-11-02T12:34:56.789Z',
      },
    }))
    const { acked, retried } = await api.worker.deliver(messages)
    expect(acked).toHaveLength(keys.length)
    expect(retried).toEqual([])
  }

  it.each(['PutObject', 'CompleteMultipartUpload', 'CopyObject'])(
    'delete nothing that is awaited, and end nothing: %s',
    async (action) => {
      const api = await appender(store)
      await leaveAll(api)
      const before = await stateOf()
      const finals = (before.uploads as { object_key: string }[]).map(({ object_key }) => object_key)
      await tell(api, action, [...before.objects.map(({ key }) => key), ...finals])
      expect(await stateOf()).toEqual(before)
      await expectInvariants({ swept: false })
    },
  )

  it('settle an upload whose request died when the store had all bytes', async () => {
    const api = await appender(store)
    const bytes = contentOf(1000)
    const { file } = await api.create(bytes.length)
    await expect(api.append(file.id, brokenOff(bytes, 0, null))).rejects.toThrow('the client has gone')
    const [upload] = await rows<{ object_key: string }>('SELECT object_key FROM uploads')
    const key = upload?.object_key ?? ''
    await env.BUCKET.put(key, bytes, { httpMetadata: { contentType: file.contentType } })
    await tell(api, 'PutObject', [key])
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
    expect(await objectKeys()).toEqual([key])
    await tell(api, 'PutObject', [key])
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })
})

describe('one sweep', () => {
  it('stays within what D1 takes, however many uploads have all their bytes', async () => {
    const api = await appender(r2)
    const count = 80
    for (let at = 0; at < count; at++) {
      const { file } = await api.create(null)
      await api.append(file.id, portionOf(contentOf(3), 0))
    }
    await env.DB.prepare('UPDATE uploads SET byte_size = received_bytes').run()
    vi.setSystemTime((await expiry()).last + 1)
    let sweeps = 0
    for (let ready = 0; ready < count; sweeps++) {
      expect(sweeps).toBeLessThan(5)
      const meter = newMeter()
      await startWorker({ DB: meterDatabase(env.DB, meter) }).runCron()
      expect(meter.statements).toBeLessThanOrEqual(1000)
      ready = (await rows("SELECT 1 FROM files WHERE status = 'ready'")).length
      vi.setSystemTime(Date.now() + hour)
    }
    expect(sweeps).toBeGreaterThan(1)
  })
})
