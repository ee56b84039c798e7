import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { compose } from '../../src/compose'
import { sweep } from '../../src/core/uploads/sweep'
import { expectInvariants } from '../support/invariants'
import { type Meter, meterBucket, meterDatabase, newMeter } from '../support/metered-bindings'
import { incomingKey, quantcdn } from '../support/quantcdn'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { bodyOf, objectKeys, rows, startWorker } from '../support/worker'

const minute = 60_000
const day = 24 * 60 * minute

beforeEach(async () => {
  await startWorker().organization('acme')
  await env.DB.prepare('UPDATE organizations SET pending_uploads_max = 1000000').run()
})

type Kind = {
  /** Names the rows; their ids differ from those of other kinds. */
  digit: string
  method: 'edge' | 'presigned_put' | 'multipart'
  multipartId?: string
  promotingEtag?: string
  isClaimed?: boolean
}

const idOf = (digit: string, index: number) =>
  `01900000-0000-7000-800${digit}-${index.toString(16).padStart(12, '0')}`

/** Pending uploads whose time ended `overdueMs` ago (before now when positive), written by SQL. */
async function pendingRows(count: number, overdueMs: number, kind: Kind): Promise<void> {
  const { digit, method, multipartId = null, promotingEtag = null, isClaimed = false } = kind
  const id = `printf('01900000-0000-7000-800${digit}-%012x', i)`
  const series = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)'
  const endedAt = Date.now() - overdueMs
  const isPromoted = method === 'presigned_put'
  await env.DB.batch([
    env.DB.prepare(
      `${series} INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, created_at)
       SELECT unhex(${id}, '-'), 'acme', 'a.txt', 'text/plain', '{}', '[]', 'uploading', ?2 FROM n`,
    ).bind(count, endedAt),
    env.DB.prepare(
      `${series} INSERT INTO uploads (file_id, organization_id, method, object_key, content_key,
         content_type, byte_size, reserved_bytes, expires_at, sweep_at, multipart_id, part_bytes, promoting_etag,
         promoting_at)
       SELECT unhex(${id}, '-'), 'acme', ?2, ?3 || ${id} || ?4, 'acme/' || ${id} || '.txt', 'text/plain', 5, 5,
         ?5 - i, ?5 - i, ?6, ?7, ?8, ?9 FROM n`,
    ).bind(
      count,
      method,
      isPromoted ? '_incoming/acme/' : 'acme/',
      isPromoted ? '' : '.txt',
      endedAt,
      multipartId,
      method === 'multipart' ? 5_242_880 : null,
      promotingEtag,
      promotingEtag === null ? null : endedAt,
    ),
    env.DB.prepare(
      `${series} INSERT INTO idempotency_records (organization_id, idempotency_key, fingerprint, subject_id,
         locked_until, expires_at)
       SELECT 'acme', ${id}, '', ${id}, ?2, ?2 + ?3 FROM n WHERE ?4`,
    ).bind(count, endedAt, day, isClaimed ? 1 : 0),
  ])
}

const countOf = async (sql: string) =>
  (await rows<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`))[0]?.n ?? 0

/** One invocation, measured; what it logged about itself. */
async function meteredSweep(): Promise<{ meter: Meter; report: Record<string, unknown> }> {
  const meter = newMeter()
  const fetched = vi.mocked(globalThis.fetch)
  const before = fetched.mock?.calls.length ?? 0
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await startWorker({
    DB: meterDatabase(env.DB, meter),
    BUCKET: meterBucket(env.BUCKET, meter),
  }).runCron()
  const lines = log.mock.calls.map(([line]) => JSON.parse(line))
  log.mockRestore()
  meter.subrequests += (fetched.mock?.calls.length ?? 0) - before
  return { meter, report: lines.find(({ event }) => event === 'sweep') }
}

describe('one invocation of the sweep', () => {
  it('stays within the limits of D1 and Workers over thousands of rows of all kinds, until none is left', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    // These come first, and have cost most of the statements when the next have arrived.
    await pendingRows(1400, day + minute, { digit: '1', method: 'presigned_put' })
    await pendingRows(100, day + minute, { digit: '2', method: 'presigned_put', promotingEtag: 'abc' })
    await pendingRows(1500, day + minute, { digit: '3', method: 'edge', isClaimed: true })
    await pendingRows(180, day, { digit: '7', method: 'presigned_put' })
    await pendingRows(200, day - minute, { digit: '4', method: 'edge', multipartId: 'begun' })
    for (let index = 1; index <= 200; index++) {
      const begun = await env.BUCKET.createMultipartUpload(`acme/${idOf('4', index)}.txt`)
      await env.DB.prepare("UPDATE uploads SET multipart_id = ?2 WHERE file_id = unhex(?1, '-')")
        .bind(idOf('4', index), begun.uploadId)
        .run()
    }
    await pendingRows(300, day - minute, { digit: '5', method: 'multipart' })
    await pendingRows(300, day - minute, { digit: '6', method: 'multipart', multipartId: 'gone' })
    for (let index = 1; index <= 180; index++) {
      // Every third is not what was promised.
      const bytes = index % 3 === 0 ? 'too many' : 'bytes'
      const httpMetadata = { contentType: 'text/plain' }
      await env.BUCKET.put(`_incoming/acme/${idOf('7', index)}`, bytes, { httpMetadata })
    }
    const left = () =>
      Promise.all([countOf('uploads'), countOf(`object_deletions WHERE due_at <= ${Date.now()}`)])

    let runs = 0
    const reports: Record<string, unknown>[] = []
    for (let [pending, due] = await left(); pending + due > 0; runs++) {
      const { meter, report } = await meteredSweep()
      reports.push(report)
      expect(meter.statements, JSON.stringify(report)).toBeLessThanOrEqual(950)
      expect(meter.subrequests).toBeLessThanOrEqual(9000)
      expect(meter.parametersMax).toBeLessThanOrEqual(100)
      expect(meter.sqlBytesMax).toBeLessThanOrEqual(100_000)
      expect(meter.valueBytesMax).toBeLessThanOrEqual(2_000_000)
      expect(report).toMatchObject({ errors: 0 })
      const [pendingNow, dueNow] = await left()
      // What ends becomes a deletion, at most two of them.
      expect(3 * pendingNow + dueNow).toBeLessThan(3 * pending + due)
      ;[pending, due] = [pendingNow, dueNow]
      vi.setSystemTime(Date.now() + 5 * minute)
      expect(runs).toBeLessThan(20)
    }
    const sum = (name: string) => reports.reduce((total, report) => total + Number(report[name]), 0)
    expect({ settled: sum('settled'), refused: sum('refused'), failed: sum('failed') }).toEqual({
      settled: 120,
      refused: 60,
      failed: 1800,
    })
    expect(sum('abandoned')).toBe(2000)
    // The first of them could not do it all, and said so.
    expect(reports[0]).toMatchObject({ isUnfinished: true })
    expect(reports.at(-1)).toMatchObject({ isUnfinished: false })
    expect(await countOf('idempotency_records')).toBe(0)
    expect(await objectKeys()).toHaveLength(120)
    await expectInvariants({ swept: true })
  })

  it('aborts no more multipart uploads than it may call out, and the rest the next time', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
       INSERT INTO object_deletions (object_key, due_at, watch_until, multipart_id, multipart_method)
       SELECT 'acme/' || i, 1, 1, 'gone', 'multipart' FROM n`,
    ).run()
    const first = await meteredSweep()
    expect(first.report).toMatchObject({ objectsDeleted: 3000, isUnfinished: true, errors: 0 })
    expect(first.meter.subrequests).toBeLessThan(3100)
    const second = await meteredSweep()
    expect(second.report).toMatchObject({ objectsDeleted: 1000, isUnfinished: false, errors: 0 })
    expect(await countOf('object_deletions')).toBe(0)
  })

  it('forgets by the thousand', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
       INSERT INTO idempotency_records (organization_id, idempotency_key, fingerprint, subject_id, locked_until,
         expires_at) SELECT 'acme', i, '', i, 1, 1 FROM n`,
    ).run()
    const { meter, report } = await meteredSweep()
    expect(report).toMatchObject({ idempotencyRecordsForgotten: 4000, errors: 0 })
    expect(meter.statements).toBeLessThan(50)
  })

  it('lets requests have their turn between two batches, by the gateway’s clock', async () => {
    await pendingRows(60, minute, { digit: '1', method: 'edge' })
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const gateway = (await compose(env)).gatewayFor(() => {}, {})
    const pauses: number[] = []
    const report = await sweep({ ...gateway, sleep: async (ms) => void pauses.push(ms) })
    expect(report).toMatchObject({ abandoned: 60, errors: 0, isUnfinished: false })
    expect(pauses).toEqual([50])
  })
})

describe('what is read', () => {
  /** Rows read by a sweep of a few overdue uploads, an event, and a deletion, beside `others` that are pending. */
  async function rowsRead(others: number) {
    await pendingRows(others, -day, { digit: '8', method: 'presigned_put', isClaimed: true })
    await pendingRows(60, 2 * day, { digit: '1', method: 'presigned_put' })
    await pendingRows(40, 2 * day, { digit: '3', method: 'edge', isClaimed: true })
    const sweep = (await meteredSweep()).meter.rowsRead
    expect(await countOf('uploads')).toBe(others)
    const deletions = (await meteredSweep()).meter.rowsRead

    const token = await startWorker().organization('acme')
    const meter = newMeter()
    const metered = startWorker({ DB: meterDatabase(env.DB, meter) })
    const api = quantcdn(metered, token)
    await api.list()
    const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
    const begun = meter.rowsRead
    const { fileId, s3Key } = await bodyOf(await api.upload(json))
    const presign = meter.rowsRead - begun
    await api.put(s3Key, 'bytes', 'text/plain')
    const body = { action: 'PutObject', bucket: 'slipway', object: { key: incomingKey(s3Key) } }
    const delivered = meter.rowsRead
    expect((await metered.deliver([{ id: 'm', body }])).acked).toEqual(['m'])
    const event = meter.rowsRead - delivered
    const { fileId: pendingId } = await bodyOf(await api.upload(json))
    const deleted = meter.rowsRead
    expect((await api.delete(fileId)).status).toBe(200)
    expect((await api.delete(pendingId)).status).toBe(200)
    return { sweep, deletions, presign, event, delete: meter.rowsRead - deleted }
  }

  it('is what is taken on, however much else is pending', async () => {
    const few = await rowsRead(10)
    await env.DB.batch(
      ['idempotency_records', 'object_deletions', 'uploads', 'metadata_terms', 'files', 'contents'].map(
        (table) => env.DB.prepare(`DELETE FROM ${table}`),
      ),
    )
    const many = await rowsRead(5000)
    for (const [what, read] of Object.entries(few))
      expect(many[what as keyof typeof many], `rows read by ${what}`).toBeLessThanOrEqual(read + 10)
  })
})
