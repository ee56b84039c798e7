import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Metadata, termsOf } from '../../../src/core/files/metadata'
import type { OrganizationId } from '../../../src/core/ids'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { quantcdn } from '../../support/quantcdn'
import { bodyOf, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  const api = quantcdn(worker, await worker.organization())
  const names = async (query: Record<string, string> = {}) =>
    (await bodyOf(await api.list(query))).files.map((file: { filename: string }) => file.filename)
  const filtered = (filter: unknown) => names({ filter: JSON.stringify(filter) })
  return { worker, api, names, filtered }
}

describe('listFiles', () => {
  it('answers with the documented fields', async () => {
    const { api } = await start()
    const fileId = await api.stored('hello', { filename: 'a.txt', metadata: { k: 'v' } })
    const answer = await api.list()
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual({
      files: [
        {
          fileId,
          filename: 'a.txt',
          contentType: 'text/plain',
          size: 5,
          metadata: { k: 'v', artifactType: 'document' },
          createdAt: expect.any(String),
        },
      ],
      nextCursor: null,
      hasMore: false,
    })
  })

  it('pages newest first, and neither repeats nor misses files while others come and go', async () => {
    const { api } = await start()
    const ids: string[] = []
    for (let at = 0; at < 7; at++) ids.unshift(await api.stored(`${at}`))
    const first = await bodyOf(await api.list({ limit: '3' }))
    expect(first.hasMore).toBe(true)
    await api.stored('newer')
    await api.delete(ids[2] ?? '')
    const second = await bodyOf(await api.list({ limit: '3', cursor: first.nextCursor }))
    await api.delete(ids[4] ?? '')
    const third = await bodyOf(await api.list({ limit: '3', cursor: second.nextCursor }))
    const seen = [first, second, third].flatMap(({ files }) =>
      files.map((file: { fileId: string }) => file.fileId),
    )
    expect(seen).toEqual(ids)
    expect(third).toMatchObject({ nextCursor: null, hasMore: false })
  })

  it('has no further page when the last one is exactly full', async () => {
    const { api } = await start()
    for (const text of ['a', 'b']) await api.stored(text)
    expect(await bodyOf(await api.list({ limit: '2' }))).toMatchObject({ nextCursor: null, hasMore: false })
    expect(await bodyOf(await api.list({ limit: '1' }))).toMatchObject({ hasMore: true })
  })

  it('shows 50 files by default and 200 at most', async () => {
    const { api } = await start()
    await seed(Array.from({ length: 201 }, () => ({})))
    expect((await bodyOf(await api.list())).files).toHaveLength(50)
    expect((await bodyOf(await api.list({ limit: '200' }))).files).toHaveLength(200)
  })

  it('treats empty parameters, as generated clients send them, as absent', async () => {
    const { api } = await start()
    await api.stored('a')
    expect((await bodyOf(await api.list({ filter: '', limit: '', cursor: '' }))).files).toHaveLength(1)
  })

  const invalid: [query: Record<string, string>, field: string][] = [
    [{ limit: '0' }, 'limit'],
    [{ limit: '201' }, 'limit'],
    [{ limit: 'x' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ limit: '1e2' }, 'limit'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ filter: '{' }, 'filter'],
    [{ filter: '[]' }, 'filter'],
    [{ filter: 'null' }, 'filter'],
    [{ filter: '"a"' }, 'filter'],
    [{ filter: '{"a":{"b":1}}' }, 'filter.a'],
    [{ filter: '{"a":[{"b":1}]}' }, 'filter.a'],
    [{ filter: JSON.stringify({ a: Array.from({ length: 17 }, (_, at) => at) }) }, 'filter'],
  ]
  it.each(invalid)('refuses %j and names the parameter', async (query, field) => {
    const { api } = await start()
    const answer = await api.list(query)
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ error: true, details: [{ field }] })
  })

  it("says nothing of other organizations' files, and takes their cursors as mere positions", async () => {
    const { worker, api } = await start()
    const other = quantcdn(worker, await worker.organization('other'), '/api/v3/organizations/other/ai/files')
    await other.stored('1')
    await other.stored('2', { metadata: { shared: true } })
    const { nextCursor } = await bodyOf(await other.list({ limit: '1' }))
    const mine = await api.stored('mine', { metadata: { shared: true } })
    expect((await bodyOf(await api.list())).files).toMatchObject([{ fileId: mine }])
    expect((await bodyOf(await api.list({ filter: '{"shared":true}' }))).files).toMatchObject([
      { fileId: mine },
    ])
    expect((await bodyOf(await api.list({ cursor: nextCursor }))).files).toEqual([])
  })
})

describe('listFiles with a filter', () => {
  it('matches equal scalars, arrays that contain, and all of an array', async () => {
    const { api, filtered } = await start()
    await api.stored('1', { filename: 'one', metadata: { n: 1, tags: ['a', 'b'], on: true, none: null } })
    await api.stored('2', { filename: 'two', metadata: { n: '1', tags: ['b', 'c'], on: false } })
    await api.stored('3', { filename: 'three', metadata: { n: 1.5, tags: 'b', deep: { n: 1 } } })
    expect(await filtered({})).toEqual(['three', 'two', 'one'])
    expect(await filtered({ n: 1 })).toEqual(['one'])
    expect(await filtered({ n: '1' })).toEqual(['two'])
    expect(await filtered({ n: 1.5 })).toEqual(['three'])
    expect(await filtered({ tags: 'b' })).toEqual(['three', 'two', 'one'])
    expect(await filtered({ tags: ['b', 'c'] })).toEqual(['two'])
    expect(await filtered({ tags: ['c', 'b', 'c'] })).toEqual(['two'])
    expect(await filtered({ tags: 'b', n: 1 })).toEqual(['one'])
    expect(await filtered({ on: true })).toEqual(['one'])
    expect(await filtered({ on: 'true' })).toEqual([])
    expect(await filtered({ none: null })).toEqual(['one'])
    expect(await filtered({ tags: [] })).toEqual(['three', 'two', 'one'])
    expect(await filtered({ artifactType: 'document', tags: 'b', on: false })).toEqual(['two'])
    expect(await filtered({ missing: 1 })).toEqual([])
  })

  it('finds the same files, in the same pages, as looking at every file would', async () => {
    const { api } = await start()
    const scalar = fc.constantFrom('x', 'y', 1, true, null)
    const metadata = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
    )
    const files = fc.sample(metadata, { numRuns: 120, seed: 7 })
    const ids = await seed(files)
    type Value = string | number | boolean | null
    const list = (value: Value | Value[]): Value[] => [value].flat()
    await fc.assert(
      fc.asyncProperty(metadata, fc.integer({ min: 1, max: 9 }), async (filter, limit) => {
        const expected = ids.filter((_, at) =>
          Object.entries(filter).every(([field, wanted]) =>
            list(wanted).every((one) => {
              const stored = files[at]?.[field]
              return stored !== undefined && list(stored as Value | Value[]).includes(one)
            }),
          ),
        )
        const seen: string[] = []
        let cursor: string | null = ''
        while (cursor !== null) {
          const page = await bodyOf(
            await api.list({ filter: JSON.stringify(filter), limit: String(limit), cursor }),
          )
          seen.push(...page.files.map((file: { fileId: string }) => file.fileId))
          cursor = page.nextCursor
        }
        expect(seen).toEqual(expected.reverse())
      }),
      { numRuns: 40 },
    )
  })

  it('reads rows in proportion to what it finds, not to what there is', async () => {
    const calls = recordCalls()
    const worker = startWorker({ DB: interceptDatabase(env.DB, calls) })
    const api = quantcdn(worker, await worker.organization())
    // 2 000 files say "common"; 3 of them, spread out, say "rare" too.
    await seed(
      Array.from({ length: 2000 }, (_, at) => (at % 700 === 1 ? { common: 1, rare: 1 } : { common: 1 })),
    )
    await api.list()
    const read = async (query: Record<string, string>) => {
      calls.rowsRead = 0
      const { files } = await bodyOf(await api.list(query))
      return { found: files.length, rowsRead: calls.rowsRead }
    }
    const rare = await read({ filter: '{"common":1,"rare":1}' })
    expect(rare.found).toBe(3)
    const common = await read({ filter: '{"common":1}', limit: '10' })
    expect(common.found).toBe(10)
    const nothing = await read({ filter: '{"common":1,"rare":2}' })
    expect(nothing.found).toBe(0)
    const plain = await read({ limit: '10' })
    expect(plain.found).toBe(10)
    for (const { rowsRead } of [rare, common, nothing, plain]) {
      expect(rowsRead).toBeGreaterThan(0)
      expect(rowsRead).toBeLessThan(100)
    }
  })

  it('answers any filter, cursor and limit with 200 or 400', async () => {
    const { api } = await start()
    await seed([{ a: 1 }, { b: ['x'] }])
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('{"a":1}'))
    await fc.assert(
      fc.asyncProperty(text, text, text, async (filter, cursor, limit) => {
        for (const query of [{ filter }, { cursor }, { limit }])
          expect([200, 400]).toContain((await api.list(query)).status)
      }),
      { numRuns: 60 },
    )
  })
})

/** Ready files of the organization `acme` with the given metadata, oldest first; their ids. */
async function seed(files: readonly Metadata[]): Promise<string[]> {
  const ids = files.map((_, at) => `00000000-0000-7000-8000-${String(at + 1).padStart(12, '0')}`)
  await env.DB.prepare(
    `INSERT INTO contents (id, organization_id, byte_size, extension, etag)
     SELECT unhex(value, '-'), 'acme', 0, '', 'etag' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(ids))
    .run()
  await env.DB.prepare(
    `INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, created_at)
     SELECT unhex(value ->> '$.id', '-'), 'acme', 'f', 'text/plain', json_extract(value, '$.metadata'), '[]', 'uploading', 0
     FROM json_each(?1)`,
  )
    .bind(JSON.stringify(ids.map((id, at) => ({ id, metadata: JSON.stringify(files[at]) }))))
    .run()
  await env.DB.prepare(
    "UPDATE files SET status = 'ready', content_id = id WHERE uuid IN (SELECT value FROM json_each(?1))",
  )
    .bind(JSON.stringify(ids))
    .run()
  const terms = await Promise.all(files.map((metadata) => termsOf('acme' as OrganizationId, metadata)))
  await env.DB.prepare(
    `INSERT INTO metadata_terms (term, file_id)
     SELECT value ->> '$[0]', unhex(value ->> '$[1]', '-') FROM json_each(?1)`,
  )
    .bind(JSON.stringify(ids.flatMap((id, at) => (terms[at] ?? []).map((term) => [term, id]))))
    .run()
  return ids
}
