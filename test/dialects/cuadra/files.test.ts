import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { cuadra, field, plainId, textFile } from '../../support/cuadra'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { pngBytes, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

const week = 7 * 24 * 3_600_000
const unknownId = `file_${'0'.repeat(32)}`
const expanded = '?expand[]=associations'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const api = cuadra(worker, token)
  const other = quantcdn(worker, token)
  /** A file whose bytes are awaited: its id here and where they go. */
  const pending = async (more: Record<string, unknown> = {}) => {
    const json = { requestUploadUrl: true, contentType: 'text/plain', filename: 'p.txt', size: 5, ...more }
    const { fileId, s3Key } = await bodyOf(await other.upload(json))
    return { id: `file_${fileId.replaceAll('-', '')}`, fileId, s3Key }
  }
  return { worker, token, api, other, pending }
}

const inChat = (id: string) => [field('resource_type', 'chat'), field('resource_id', id)]

describe('get', () => {
  it('answers what the upload answered, with associations only when they are expanded', async () => {
    const { api } = await start()
    const uploaded = await bodyOf(await api.upload([textFile('hello'), ...inChat('c1')]))
    const { associations, ...file } = uploaded
    expect(await bodyOf(await api.get(uploaded.id))).toEqual(file)
    for (const query of [expanded, '?expand%5B%5D=associations', '?expand=associations'])
      expect(await bodyOf(await api.get(uploaded.id, query))).toEqual({ ...file, associations })
  })

  it('knows a file by its id with dashes and in upper case too', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    for (const spelling of [`file_${plainId(id)}`, id.toUpperCase().replace('FILE', 'file')])
      expect((await bodyOf(await api.get(spelling))).id).toBe(id)
  })

  it.each([
    unknownId,
    'file_',
    'file_abc',
    'x',
    '0'.repeat(32),
    `file_${'-'.repeat(36)}`,
    '%00',
    '%ff',
    'file_%27',
  ])('answers 404 for %s', async (id) => {
    const { api } = await start()
    for (const answer of [await api.get(id), await api.delete(id), await api.content(id)]) {
      expect(answer.status).toBe(404)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    }
  })

  it('refuses to expand what there is not: 400', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    expect((await api.get(id, '?expand[]=owner')).status).toBe(400)
  })

  it('shows a file of another dialect whose bytes are awaited, and settles it when they have come', async () => {
    const { api, other, pending } = await start()
    const { id, s3Key } = await pending()
    expect(await bodyOf(await api.get(id))).toMatchObject({
      id,
      filename: 'p.txt',
      sizeBytes: 5,
      sha256: null,
      status: 'uploading',
      storageCharged: 0,
      processedAt: null,
      source: 'api',
    })
    expect((await api.content(id)).status).toBe(404)
    await other.put(s3Key, 'hello', 'text/plain')
    expect(await bodyOf(await api.get(id))).toMatchObject({
      status: 'ready',
      sizeBytes: 5,
      storageCharged: 5,
    })
    await expectInvariants({ swept: true })
  })

  it('shows why a file has no bytes', async () => {
    const { worker, api, other, pending } = await start()
    const refused = await pending()
    await other.put(refused.s3Key, pngBytes.subarray(0, 5), 'image/png')
    expect(await bodyOf(await api.get(refused.id))).toMatchObject({
      status: 'error',
      processingStatus: { progress: 0, error: 'type_mismatch' },
      sizeBytes: 0,
    })
    const missing = await pending()
    vi.setSystemTime(Date.now() + week)
    await worker.runCron()
    expect(await bodyOf(await api.get(missing.id))).toMatchObject({
      status: 'failed',
      processingStatus: { error: 'never_arrived' },
    })
  })
})

describe('another dialect', () => {
  it('sees, hands out and deletes the files of this one, and the other way round', async () => {
    const { api, other } = await start()
    const id = await api.stored('hello')
    expect(await bodyOf(await other.get(plainId(id)))).toMatchObject({ filename: 'a.txt', size: 5 })
    const listed = await bodyOf(await other.list({ filter: '{"artifactType":"document"}' }))
    expect(listed.files).toHaveLength(1)
    expect((await other.delete(plainId(id))).status).toBe(200)
    expect((await api.get(id)).status).toBe(404)

    const theirs = `file_${(await other.stored('theirs')).replaceAll('-', '')}`
    expect(await bodyOf(await api.get(theirs))).toMatchObject({
      sizeBytes: 6,
      status: 'ready',
      source: 'api',
    })
    expect((await bodyOf(await api.list())).items).toHaveLength(1)
    expect(await (await api.content(theirs, '?redirect=false')).text()).toBe('theirs')
    expect((await api.delete(theirs)).status).toBe(204)
    expect(await objectKeys()).toEqual([])
  })
})

describe('list', () => {
  it('gives pages, newest first, each file once, also when files come and go', async () => {
    const { api } = await start()
    const ids: string[] = []
    for (let n = 0; n < 7; n++) ids.unshift(await api.stored(`text ${n}`))
    const first = await bodyOf(await api.list({ limit: '3' }))
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 3))
    expect(first).toMatchObject({ hasMore: true, nextCursor: expect.any(String) })
    await api.stored('newer')
    await api.delete(ids[2] ?? '')
    const second = await bodyOf(await api.list({ limit: '3', cursor: first.nextCursor }))
    expect(second.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(3, 6))
    const last = await bodyOf(await api.list({ limit: '1', cursor: second.nextCursor }))
    expect(last.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(6))
    expect(last).toMatchObject({ hasMore: false, nextCursor: null })
  })

  it('shows files as get does, and associations when they are expanded', async () => {
    const { api } = await start()
    const uploaded = await bodyOf(await api.upload([textFile('hello'), ...inChat('c1')]))
    const { associations, ...file } = uploaded
    expect(associations).toHaveLength(1)
    const bare = await api.stored('bare')
    expect((await bodyOf(await api.list())).items[1]).toEqual(file)
    const { items } = await bodyOf(await api.call('GET', expanded))
    expect(items[1]).toEqual(uploaded)
    expect(items[0]).toMatchObject({ id: bare, associations: [] })
  })

  it('has 20 files on a page unless told otherwise', async () => {
    const { api, other } = await start()
    for (let n = 0; n < 21; n++) await other.stored(`text ${n}`)
    const page = await bodyOf(await api.list())
    expect(page.items).toHaveLength(20)
    expect(page.hasMore).toBe(true)
    expect((await bodyOf(await api.list({ limit: '100' }))).items).toHaveLength(21)
  })

  it('selects by status; without one only files with bytes', async () => {
    const { worker, api, other, pending } = await start()
    const failed = await pending()
    vi.setSystemTime(Date.now() + week)
    await worker.runCron()
    const refused = await pending()
    await other.put(refused.s3Key, 'much too long', 'text/plain')
    await api.get(refused.id)
    const uploading = await pending()
    const ready = await api.stored('hello')
    const ids = async (query: Record<string, string>) =>
      (await bodyOf(await api.list(query))).items.map(({ id }: { id: string }) => id)
    expect(await ids({})).toEqual([ready])
    expect(await ids({ statusFilter: '' })).toEqual([ready])
    expect(await ids({ statusFilter: 'ready' })).toEqual([ready])
    expect(await ids({ statusFilter: 'uploading' })).toEqual([uploading.id])
    expect(await ids({ statusFilter: 'error' })).toEqual([refused.id])
    expect(await ids({ statusFilter: 'failed' })).toEqual([failed.id])
    for (const statusFilter of ['uploaded', 'processing']) expect(await ids({ statusFilter })).toEqual([])
  })

  it('selects by resource, or by its type with each file once', async () => {
    const { api, pending } = await start()
    const one = (await bodyOf(await api.upload([textFile('1'), ...inChat('c1')]))).id
    const both = (await bodyOf(await api.upload([textFile('2'), ...inChat('c1')]))).id
    await api.associate(both, 'chat', 'c2')
    await api.associate(both, 'dataset', 'c1')
    const awaited = await pending()
    await api.associate(awaited.id, 'chat', 'c1')
    await api.stored('none')
    const ids = async (query: Record<string, string>) =>
      (await bodyOf(await api.list(query))).items.map(({ id }: { id: string }) => id)
    expect(await ids({ resourceType: 'chat', resourceId: 'c1' })).toEqual([both, one])
    expect(await ids({ resourceType: 'chat', resourceId: 'c2' })).toEqual([both])
    expect(await ids({ resourceType: 'chat' })).toEqual([both, one])
    expect(await ids({ resourceType: 'dataset' })).toEqual([both])
    expect(await ids({ resourceType: 'dataset', resourceId: 'c2' })).toEqual([])
    expect(await ids({ resourceType: 'chat', resourceId: 'c1', statusFilter: 'uploading' })).toEqual([
      awaited.id,
    ])
    const page = await bodyOf(await api.list({ resourceType: 'chat', limit: '1' }))
    expect(page.hasMore).toBe(true)
    expect(await ids({ resourceType: 'chat', limit: '1', cursor: page.nextCursor })).toEqual([one])
  })

  it.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', 'ten'],
    ['limit', '-1'],
    ['cursor', 'x'],
    ['cursor', "' OR 1=1 --"],
    ['statusFilter', 'gone'],
    ['statusFilter', 'toString'],
    ['resourceType', 'folder'],
    ['resourceId', 'alone'],
    ['expand[]', 'everything'],
  ])('refuses %s=%s: 400', async (name, value) => {
    const { api } = await start()
    const answer = await api.list({ [name]: value })
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors[0].field).toBe(name === 'resourceId' ? 'resourceType' : name)
  })

  it('reads no more rows and makes no more round trips, however many files there are', async () => {
    const { token, api, other } = await start()
    const linked: string[] = []
    for (let n = 0; n < 60; n++) {
      const fileId = await other.stored(`text ${n}`)
      if (n % 20 === 0) linked.push(`file_${fileId.replaceAll('-', '')}`)
    }
    for (const id of linked) await api.associate(id, 'chat', 'c1')
    // A verified key is believed for 30 s.
    vi.setSystemTime(Date.now())
    const calls = recordCalls()
    const counted = cuadra(startWorker({ DB: interceptDatabase(env.DB, calls) }), token)
    await counted.list({ limit: '1' })
    for (const query of [
      { limit: '2' },
      { limit: '2', statusFilter: 'ready' },
      { limit: '2', resourceType: 'chat' },
      { limit: '2', resourceType: 'chat', resourceId: 'c1' },
      { limit: '2', statusFilter: 'failed' },
    ]) {
      calls.names.length = 0
      calls.rowsRead = 0
      await counted.list({ ...query, 'expand[]': 'associations' })
      expect(calls.names, JSON.stringify(query)).toHaveLength(1)
      expect(calls.rowsRead, JSON.stringify(query)).toBeLessThan(50)
    }
  })
})

describe('delete', () => {
  it('removes the file, its bytes and its associations', async () => {
    const { api } = await start()
    const { id } = await bodyOf(await api.upload([textFile('hello'), ...inChat('c1')]))
    const answer = await api.delete(id)
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect((await api.get(id)).status).toBe(404)
    expect((await api.delete(id)).status).toBe(404)
    expect(await rows('SELECT file_id FROM associations')).toEqual([])
    expect(await objectKeys()).toEqual([])
    expect((await bodyOf(await api.list({ resourceType: 'chat' }))).items).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('removes associations also through another dialect', async () => {
    const { api, other } = await start()
    const { id } = await bodyOf(await api.upload([textFile('hello'), ...inChat('c1')]))
    await other.delete(plainId(id))
    expect(await rows('SELECT file_id FROM associations')).toEqual([])
  })

  it('removes a file whose bytes are awaited', async () => {
    const { api, pending } = await start()
    const { id } = await pending()
    expect((await api.delete(id)).status).toBe(204)
    await expectInvariants({ swept: true })
  })
})

describe('content', () => {
  it('redirects to a presigned GET that nothing keeps', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    const answer = await api.content(id)
    expect(answer.status).toBe(302)
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.pathname).toBe(`/slipway/acme/${plainId(id)}.txt`)
    expect(location.searchParams.get('X-Amz-Expires')).toBe('3600')
    expect(location.searchParams.get('response-content-disposition')).toContain('attachment')
  })

  it('serves the bytes itself with redirect=false, so that nothing in them can run', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    const answer = await api.content(id, '?redirect=false')
    expect(await answer.text()).toBe('hello')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain',
      'content-length': '5',
      'content-disposition': expect.stringContaining('attachment; filename="a.txt"'),
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
  })

  it('serves a range, 304 to a client that has it, 416 beyond the end, and a large file whole', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    const part = await api.content(id, '?redirect=false', { range: 'bytes=1-3' })
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'ell',
      'bytes 1-3/5',
    ])
    const etag = part.headers.get('etag') ?? ''
    expect((await api.content(id, '?redirect=false', { 'if-none-match': etag })).status).toBe(304)
    expect((await api.content(id, '?redirect=false', { range: 'bytes=9-' })).status).toBe(416)

    const bytes = bytesOf(5 * 1024 ** 2 + 1)
    const large = await bodyOf(await api.upload([textFile(bytes, 'b.bin')]))
    const whole = await (await api.content(large.id, '?redirect=false')).arrayBuffer()
    expect(whole.byteLength).toBe(bytes.length)
    const end = await api.content(large.id, '?redirect=false', { range: 'bytes=-2' })
    expect(new Uint8Array(await end.arrayBuffer())).toEqual(bytes.slice(-2))
  })

  it('answers HEAD as GET, without the bytes', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    for (const query of ['', '?redirect=false']) {
      const answer = await api.content(id, query, {}, 'HEAD')
      expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([
        200,
        '',
        '5',
      ])
    }
  })

  it('refuses another word than true or false: 400', async () => {
    const { api } = await start()
    expect((await api.content(await api.stored('hello'), '?redirect=maybe')).status).toBe(400)
  })
})

describe('associations', () => {
  it('are made and removed, both as often as one likes', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    const first = await api.associate(id, 'dataset', 'a/b ü?')
    expect(first.status).toBe(201)
    const association = await bodyOf(first)
    expect(association).toEqual({
      resourceType: 'dataset',
      resourceId: 'a/b ü?',
      createdAt: expect.any(String),
    })
    vi.setSystemTime(Date.now() + 5000)
    const again = await api.associate(id, 'dataset', 'a/b ü?')
    expect([again.status, await bodyOf(again)]).toEqual([201, association])
    await api.associate(id, 'chat', 'later')
    expect((await bodyOf(await api.get(id, expanded))).associations).toEqual([
      association,
      { resourceType: 'chat', resourceId: 'later', createdAt: expect.any(String) },
    ])
    for (const _ of [1, 2]) expect((await api.dissociate(id, 'dataset', 'a/b ü?')).status).toBe(204)
    expect((await bodyOf(await api.get(id, expanded))).associations).toHaveLength(1)
  })

  it('answer 404 for a file that is not there', async () => {
    const { api } = await start()
    expect((await api.associate(unknownId, 'chat', 'x')).status).toBe(404)
    expect((await api.dissociate(unknownId, 'chat', 'x')).status).toBe(404)
  })

  it.each([
    ['folder', 'x', 'resourceType'],
    [null, 'x', 'resourceType'],
    ['chat', '', 'resourceId'],
    ['chat', 7, 'resourceId'],
    ['chat', 'x'.repeat(256), 'resourceId'],
    ['chat', 'a\u0000b', 'resourceId'],
    ['chat', '\ud800', 'resourceId'],
  ])('refuse %j %j: 400', async (type, id, about) => {
    const { api } = await start()
    const answer = await api.associate(await api.stored('hello'), type, id)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors[0].field).toBe(about)
  })

  it.each(['', '[]', 'null', '"x"', '{'])('refuse the body %j: 400', async (body) => {
    const { api } = await start()
    const id = await api.stored('hello')
    const answer = await api.call('POST', `/${id}/associations`, {
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(400)
  })

  it('are at most a thousand for a file', async () => {
    const { api } = await start()
    const id = await api.stored('hello')
    await rows(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO associations SELECT 'acme', unhex(?1, '-'), 'chat', 'c' || i, 0 FROM n`,
      plainId(id),
    )
    expect((await api.associate(id, 'chat', 'one more')).status).toBe(400)
    expect((await api.associate(id, 'chat', 'c1')).status).toBe(201)
    expect((await bodyOf(await api.call('GET', expanded))).items[0].associations).toHaveLength(1000)
  })
})
