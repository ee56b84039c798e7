import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { ctxfy } from '../support/ctxfy'
import { cuadra, plainId, textFile } from '../support/cuadra'
import { type Meter, meterDatabase, newMeter } from '../support/metered-bindings'
import { base64, quantcdn } from '../support/quantcdn'
import { seedAssociations, seededId, seedFiles, seedTerm } from '../support/seed-files'
import { tus } from '../support/tus'
import { bodyOf, startWorker } from '../support/worker'

/** What D1 reads, and writes, for one request: that is what it is paid for, and how long the others wait. */

const fileCount = 20_000

/** A Worker with its key verified, and what its calls to D1 cost. */
async function start() {
  const token = await startWorker().organization()
  const meter = newMeter()
  const worker = startWorker({ DB: meterDatabase(env.DB, meter) })
  const api = { files: quantcdn(worker, token), forms: cuadra(worker, token), keys: ctxfy(worker, token) }
  await api.files.list()
  const cost = async <T>(
    call: () => Promise<T>,
  ): Promise<{ result: T } & Pick<Meter, 'rowsRead' | 'rowsWritten'>> => {
    const { rowsRead, rowsWritten } = meter
    const result = await call()
    return { result, rowsRead: meter.rowsRead - rowsRead, rowsWritten: meter.rowsWritten - rowsWritten }
  }
  return { worker, token, cost, ...api }
}

/** Pages through a list to its end: all ids, and the most rows that one page has read. */
async function pages(
  { cost }: Pick<Awaited<ReturnType<typeof start>>, 'cost'>,
  list: (query: Record<string, string>) => Promise<Response>,
  query: Record<string, string>,
) {
  const ids: string[] = []
  let rowsReadMax = 0
  let count = 0
  for (let cursor: string | null = ''; cursor !== null; count++) {
    const asked: Record<string, string> = { ...query, cursor }
    const { result, rowsRead } = await cost(async () => bodyOf(await list(asked)))
    rowsReadMax = Math.max(rowsReadMax, rowsRead)
    for (const file of result.files ?? result.items) ids.push(file.fileId ?? plainId(file.id))
    expect(result.hasMore).toBe(result.nextCursor !== null)
    cursor = result.nextCursor
    expect(count).toBeLessThan(400)
  }
  return { ids, rowsReadMax, count }
}

describe(`rows read by a page of ${fileCount} files of the worst shape`, { timeout: 180_000 }, () => {
  const all16 = Object.fromEntries(Array.from({ length: 16 }, (_, term) => [`t${term}`, 1]))
  const planted = [fileCount, fileCount / 2, 1]

  beforeEach(async () => {
    await startWorker().organization()
    await seedFiles(fileCount)
    // Each file lacks one of the 16, but for three.
    for (let term = 0; term < 16; term++)
      await seedTerm(fileCount, `t${term}`, `i % 16 <> ${term} OR i IN (${planted})`)
    await seedTerm(fileCount, 'even', 'i % 2 = 0')
    await seedTerm(fileCount, 'odd', 'i % 2 = 1')
    await seedAssociations('chat', { from: 1, count: fileCount }, 1)
    await seedAssociations('dataset', { from: fileCount - 29, count: 30 }, 1000)
  })

  it('is bounded for every list and filter, and paging to the end finds what is there, once each', async () => {
    const api = await start()
    const { files, forms } = api
    const byFilter = (filter: object) =>
      pages(api, files.list, { filter: JSON.stringify(filter), limit: '200' })
    const bySelection = (query: Record<string, string>) => pages(api, forms.list, { limit: '100', ...query })
    const cases: Record<string, { ids: string[]; rowsReadMax: number; count: number }> = {
      'sixteen conditions that hardly a file meets': await byFilter(all16),
      'two halves without a common file': await byFilter({ even: 1, odd: 1 }),
      'a resource type and a status that none has': await bySelection({
        resourceType: 'chat',
        statusFilter: 'failed',
      }),
      'a resource and a status that none has': await bySelection({
        resourceType: 'chat',
        resourceId: 'r0',
        statusFilter: 'failed',
      }),
      'a status that none has': await bySelection({ statusFilter: 'error' }),
      'a resource type with a thousand associations a file': await bySelection({ resourceType: 'dataset' }),
      'a thousand associations a file, expanded': await bySelection({
        resourceType: 'dataset',
        'expand[]': 'associations',
      }),
    }
    expect(Object.fromEntries(Object.entries(cases).map(([name, { ids }]) => [name, ids.length]))).toEqual({
      'sixteen conditions that hardly a file meets': 3,
      'two halves without a common file': 0,
      'a resource type and a status that none has': 0,
      'a resource and a status that none has': 0,
      'a status that none has': 0,
      'a resource type with a thousand associations a file': 30,
      'a thousand associations a file, expanded': 30,
    })
    expect(cases['sixteen conditions that hardly a file meets']?.ids).toEqual(planted.map(seededId))
    for (const [name, { rowsReadMax }] of Object.entries(cases)) {
      const isExpanded = name.endsWith('expanded')
      expect(rowsReadMax, name).toBeLessThan(isExpanded ? 4500 : 2100)
    }
  })

  it('is that of the page where files are found', async () => {
    const { files, forms, cost } = await start()
    const cases: [string, () => Promise<Response>, found: number][] = [
      ['all files', () => files.list({ limit: '200' }), 200],
      ['one condition', () => files.list({ filter: '{"even":1}', limit: '200' }), 200],
      ['two conditions', () => files.list({ filter: '{"even":1,"t1":1}', limit: '200' }), 200],
      ['all files, by the other API', () => forms.list({ limit: '100' }), 100],
      ['a status', () => forms.list({ limit: '100', statusFilter: 'ready' }), 100],
      ['a resource type', () => forms.list({ limit: '100', resourceType: 'chat' }), 100],
      ['a resource', () => forms.list({ limit: '100', resourceType: 'chat', resourceId: 'r0' }), 100],
    ]
    for (const [name, list, found] of cases) {
      const { result, rowsRead } = await cost(list)
      const body = await bodyOf(result)
      expect((body.files ?? body.items).length, name).toBe(found)
      expect(rowsRead, name).toBeLessThan(20 * found)
    }
  })

  it('is bounded for a page with associations: a file has all of its own, and a page no more than it can carry', async () => {
    const { forms, cost } = await start()
    const query = { resourceType: 'dataset', 'expand[]': 'associations', limit: '100' }
    const { result, rowsRead } = await cost(async () => (await forms.list(query)).text())
    const body = JSON.parse(result)
    expect(body.items.map(({ associations }: { associations: unknown[] }) => associations.length)).toEqual([
      1001,
    ])
    expect(body.hasMore).toBe(true)
    expect(result.length).toBeLessThan(2_000_000)
    expect(rowsRead).toBeLessThan(4500)
  })
})

describe('rows read by a page of API keys', () => {
  it('is bounded by how many there may be', async () => {
    const { keys, cost } = await start()
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
       INSERT INTO api_keys (id, organization_id, secret_sha256, scopes, created_at)
       SELECT 'key' || i, 'acme', '', '[]', i FROM n`,
    ).run()
    for (const page of ['1', '10', '999999999']) {
      const { result, rowsRead } = await cost(() => keys.listKeys({ page, per_page: '100' }))
      expect((await bodyOf(result)).pagination.total).toBe(1000)
      expect(rowsRead).toBeLessThan(2500)
    }
    const { result, rowsRead } = await cost(() => keys.createKey())
    expect(result.status).toBe(409)
    expect(rowsRead).toBeLessThan(5000)
  })
})

describe('rows written by an upload', () => {
  const text = { contentType: 'text/plain' }

  it('are few, and one more for each value of its metadata', async () => {
    const { worker, token, files, forms, cost } = await start()
    const metadata = { a: 1, b: [1, 2] }
    const presign = await cost(async () =>
      bodyOf(await files.upload({ ...text, requestUploadUrl: true, size: 5 })),
    )
    await files.put(presign.result.s3Key, 'hello', 'text/plain')
    const settle = await cost(() => files.get(presign.result.fileId))
    const small = await cost(() => files.upload({ ...text, content: base64('one') }))
    const described = await cost(() => files.upload({ ...text, content: base64('two'), metadata }))
    const known = await cost(() => files.upload({ ...text, content: base64('one') }))
    const empty = await cost(() => files.upload({ ...text, content: '' }))
    const form = await cost(() => forms.upload([textFile('form')]))
    const created = await cost(async () =>
      bodyOf(
        await worker.call('POST', '/v1/uploads', {
          token,
          json: { filename: 'a.txt', ...text, size: 4, sha256: 'a'.repeat(64) },
        }),
      ),
    )
    const { fileId } = await bodyOf(described.result)
    const deletion = await cost(() => files.delete(fileId))
    const written = {
      'presigned, promoted': presign.rowsWritten + settle.rowsWritten,
      'through the Worker': small.rowsWritten,
      'with three values more': described.rowsWritten - small.rowsWritten,
      'of known bytes': known.rowsWritten,
      'of no bytes': empty.rowsWritten,
      'in a form': form.rowsWritten,
      'begun as /v1/uploads has it': created.rowsWritten,
      'deleted, with its four values': deletion.rowsWritten,
    }
    const bounds: typeof written = {
      'presigned, promoted': 13,
      'through the Worker': 11,
      'with three values more': 3,
      'of known bytes': 10,
      'of no bytes': 11,
      'in a form': 12,
      'begun as /v1/uploads has it': 4,
      'deleted, with its four values': 9,
    }
    for (const [name, bound] of Object.entries(bounds))
      expect(written[name as keyof typeof written], name).toBeLessThanOrEqual(bound)
  })

  it('are as few for bytes that are appended, and no more for a portion than it has parts', async () => {
    const { worker, token, cost } = await start()
    const { begun, patch, end } = tus(worker, token)
    const partBytes = 5 * 1024 ** 2
    const inOne = await cost(() => begun(10))
    const piece = await cost(() => patch(inOne.result, 0, 'hello'))
    const settle = await cost(() => patch(inOne.result, 5, 'again'))
    const inParts = await cost(() => begun(3 * partBytes))
    const part = await cost(() => patch(inParts.result, 0, new Uint8Array(partBytes)))
    const lastParts = await cost(() => patch(inParts.result, partBytes, new Uint8Array(2 * partBytes)))
    const deferred = await cost(() => begun(null))
    const counted = await cost(() => patch(deferred.result, 0, 'hello'))
    const given = await cost(() => end(deferred.result))
    const written = {
      'begun, in one piece': inOne.rowsWritten,
      'a portion': piece.rowsWritten,
      'the last portion': settle.rowsWritten,
      'begun, in parts': inParts.rowsWritten,
      'a part': part.rowsWritten,
      'the last two parts': lastParts.rowsWritten,
      'begun without a length': deferred.rowsWritten,
      'a portion that is counted as it comes': counted.rowsWritten,
      'given up': given.rowsWritten,
    }
    const bounds: typeof written = {
      'begun, in one piece': 5,
      'a portion': 2,
      'the last portion': 8,
      'begun, in parts': 6,
      'a part': 4,
      'the last two parts': 15,
      'begun without a length': 6,
      'a portion that is counted as it comes': 3,
      'given up': 6,
    }
    for (const [name, bound] of Object.entries(bounds))
      expect(written[name as keyof typeof written], name).toBeLessThanOrEqual(bound)
  })
})
