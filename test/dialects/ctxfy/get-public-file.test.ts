import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { publicCopyMaxBytes } from '../../../src/http/public-copies'
import { ctxfy, fileIdOf, helloUpload, putObject } from '../../support/ctxfy'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { base64, pngBytes, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: ctxfy(worker, token), files: quantcdn(worker, token) }
}

const notThere = { error: 'Not Found', message: 'There is no such file', code: 404 }

async function expectNotThere(answer: Response) {
  expect(answer.status).toBe(404)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await bodyOf(answer)).toEqual(notThere)
}

describe('GET /public/{fileKey}: 200', () => {
  it('settles what has just come, and shows it to everyone with safe headers', async () => {
    const { api } = await start()
    const fileKey = await api.put('<script>', 'text/html', 'page.html')
    const answer = await api.read(fileKey)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('<script>')
    const [content] = await rows<{ etag: string }>('SELECT etag FROM contents')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=60',
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      'content-length': '8',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-type': 'text/html',
      etag: `"${content?.etag}"`,
      'x-content-type-options': 'nosniff',
    })
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
    await expectInvariants({ swept: false })
  })

  it('shows an image in place', async () => {
    const { api } = await start()
    const answer = await api.read(await api.put(pngBytes, 'image/png', 'a.png'))
    expect(answer.headers.get('content-disposition')).toMatch(/^inline;/)
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(pngBytes)
  })

  it('serves what is too large to keep, from the bucket each time', async () => {
    const { token, api } = await start()
    const bytes = new Uint8Array(publicCopyMaxBytes + 1)
    const fileKey = await api.put(bytes, 'application/x-zero')
    expect((await (await api.read(fileKey)).arrayBuffer()).byteLength).toBe(bytes.length)
    const calls = recordCalls()
    const counted = ctxfy(startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }), token)
    expect((await (await counted.read(fileKey)).arrayBuffer()).byteLength).toBe(bytes.length)
    expect(calls.names).toContain('get')
  })

  it('takes no credential, and minds none', async () => {
    const { api } = await start()
    const fileKey = await api.put('hello')
    for (const token of ['', 'nonsense']) {
      const answer = await api.read(fileKey, { headers: { authorization: `Bearer ${token}`, cookie: 'a=b' } })
      expect([answer.status, await answer.text()]).toEqual([200, 'hello'])
    }
  })
})

/** The same questions to a file that has no copy yet, and to one that has. */
describe.each(['from the bucket', 'from a copy'])('GET /public/{fileKey}, %s', (source) => {
  async function shown(text = '0123456789') {
    const { api, token } = await start()
    const fileKey = await api.put(text)
    const head = await api.read(fileKey, { method: 'HEAD' })
    if (source === 'from a copy') await (await api.read(fileKey)).arrayBuffer()
    const calls = recordCalls()
    const counted = startWorker({ DB: interceptDatabase(env.DB, calls) })
    const read = ctxfy(counted, token).read
    const etag = head.headers.get('etag') ?? ''
    const expectSource = () => expect(calls.names.length > 0).toBe(source === 'from the bucket')
    return { fileKey, etag, read, expectSource, counted }
  }

  it('answers HEAD with the same headers and no body', async () => {
    const { fileKey, read, expectSource } = await shown()
    const answer = await read(fileKey, { method: 'HEAD' })
    expectSource()
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([
      200,
      '10',
      '',
    ])
    const get = await read(fileKey)
    const plain = (headers: Headers) =>
      Object.fromEntries([...headers].filter(([name]) => !['x-request-id', 'cf-cache-status'].includes(name)))
    expect(plain(get.headers)).toEqual(plain(answer.headers))
    expect(await get.text()).toBe('0123456789')
  })

  it('answers one range with 206', async () => {
    const { fileKey, read, expectSource } = await shown()
    for (const [range, text, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=8-', '89', 'bytes 8-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=0-999999999999999', '0123456789', 'bytes 0-9/10'],
    ] as const) {
      const answer = await read(fileKey, { headers: { range } })
      expect([answer.status, await answer.text()]).toEqual([206, text])
      expect(answer.headers.get('content-range')).toBe(contentRange)
      expect(answer.headers.get('content-length')).toBe(String(text.length))
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment;/)
    }
    expectSource()
  })

  it('answers several ranges with the whole (CVE-2026-33658), and 416 to one beyond the end', async () => {
    const { fileKey, read } = await shown()
    const many = await read(fileKey, { headers: { range: `bytes=${Array(500).fill('0-').join(',')}` } })
    expect([many.status, await many.text()]).toEqual([200, '0123456789'])
    const beyond = await read(fileKey, { headers: { range: 'bytes=10-' } })
    expect([beyond.status, await beyond.text()]).toEqual([416, ''])
    expect(beyond.headers.get('content-range')).toBe('bytes */10')
  })

  it('answers 304 to the ETag, also with a range, and 200 to another', async () => {
    const { fileKey, etag, read } = await shown()
    for (const method of ['GET', 'HEAD'])
      for (const more of [{}, { range: 'bytes=0-1' }]) {
        const answer = await read(fileKey, { method, headers: { 'if-none-match': etag, ...more } })
        expect([answer.status, await answer.text()]).toEqual([304, ''])
        expect(answer.headers.get('etag')).toBe(etag)
      }
    const other = await read(fileKey, { headers: { 'if-none-match': '"other"' } })
    expect([other.status, await other.text()]).toEqual([200, '0123456789'])
  })

  it('answers a range only to a client that has the rest of these bytes: If-Range', async () => {
    const { fileKey, etag, read } = await shown()
    const range = 'bytes=0-1'
    const same = await read(fileKey, { headers: { range, 'if-range': etag } })
    expect([same.status, await same.text()]).toEqual([206, '01'])
    const other = await read(fileKey, { headers: { range, 'if-range': '"other"' } })
    expect([other.status, await other.text()]).toEqual([200, '0123456789'])
  })

  it('minds If-Match, and says why it fails in the dialect’s shape', async () => {
    const { fileKey, etag, read, expectSource } = await shown()
    const same = await read(fileKey, { headers: { 'if-match': `"x", ${etag}` } })
    expect([same.status, await same.text()]).toEqual([200, '0123456789'])
    const other = await read(fileKey, { headers: { 'if-match': '"other"' } })
    expect([other.status, other.headers.get('etag'), other.headers.get('cache-control')]).toEqual([
      412,
      etag,
      'no-store',
    ])
    expect(await bodyOf(other)).toMatchObject({ error: 'Precondition Failed', code: 412 })
    const head = await read(fileKey, { method: 'HEAD', headers: { 'if-match': `W/${etag}` } })
    expect([head.status, await head.text()]).toEqual([412, ''])
    expectSource()
    for (const range of ['bytes=0-1', 'bytes=99-'])
      expect((await read(fileKey, { headers: { 'if-match': '"other"', range } })).status).toBe(412)
  })

  it('minds the dates of If-Modified-Since, If-Unmodified-Since and If-Range', async () => {
    const { fileKey, read, expectSource } = await shown()
    const then = (await read(fileKey, { method: 'HEAD' })).headers.get('last-modified') ?? ''
    const before = new Date(Date.parse(then) - 1000).toUTCString()
    for (const method of ['GET', 'HEAD']) {
      const ask = async (headers: Record<string, string>) => {
        const answer = await read(fileKey, { method, headers })
        await answer.arrayBuffer()
        return answer.status
      }
      expect(await ask({ 'if-modified-since': then })).toBe(304)
      expect(await ask({ 'if-modified-since': before })).toBe(200)
      expect(await ask({ 'if-unmodified-since': then })).toBe(200)
      expect(await ask({ 'if-unmodified-since': before })).toBe(412)
      expect(await ask({ 'if-modified-since': then, 'if-none-match': '"other"' })).toBe(200)
    }
    expectSource()
    const range = 'bytes=0-1'
    const part = await read(fileKey, { headers: { range, 'if-range': then } })
    expect([part.status, await part.text()]).toEqual([206, '01'])
    const whole = await read(fileKey, { headers: { range, 'if-range': before } })
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789'])
    expect((await read(fileKey, { headers: { range, 'if-modified-since': then } })).status).toBe(304)
  })

  it('answers no other path than the one that was promised', async () => {
    const { fileKey, read } = await shown()
    const bare = fileKey.replace(/\.txt$/, '')
    for (const path of [
      bare,
      `${bare}.png`,
      `${bare}.TXT`,
      bare.toUpperCase(),
      `${fileKey}/`,
      `x/${fileKey}`,
    ])
      await expectNotThere(await read(path))
    for (const method of ['GET', 'HEAD'])
      expect((await read(`${bare}.png`, { method, headers: { range: 'bytes=0-0' } })).status).toBe(404)
    expect(await (await read(`${fileKey}?v=2`)).text()).toBe('0123456789')
  })

  it('tells its own request id, and lets only allowed origins read, whichever asked first', async () => {
    const { fileKey, read } = await shown()
    const ids = new Set<string | null>()
    for (const origin of ['https://app.example.com', 'https://evil.example']) {
      const answer = await read(fileKey, { headers: { origin } })
      expect(await answer.text()).toBe('0123456789')
      ids.add(answer.headers.get('x-request-id'))
      expect(answer.headers.get('access-control-allow-origin')).toBe(
        origin === 'https://app.example.com' ? origin : null,
      )
    }
    expect(ids.size).toBe(2)
    expect(ids.has(null)).toBe(false)
  })
})

describe('copies of public files', () => {
  it('are of whole answers only', async () => {
    const { api, token } = await start()
    const fileKey = await api.put('0123456789')
    const calls = recordCalls()
    const read = ctxfy(startWorker({ DB: interceptDatabase(env.DB, calls) }), token).read
    for (const init of [
      { method: 'HEAD' },
      { headers: { range: 'bytes=0-1' } },
      { headers: { range: 'bytes=99-' } },
    ])
      await (await read(fileKey, init)).arrayBuffer()
    calls.names.length = 0
    expect(await (await read(fileKey)).text()).toBe('0123456789')
    expect(calls.names).toHaveLength(1)
  })

  it('are never of a 404: the file is there as soon as its bytes are', async () => {
    const { api } = await start()
    const { fileKey } = await bodyOf(await api.upload(helloUpload))
    await expectNotThere(await api.read(fileKey))
    await putObject(fileKey, 'hello', 'text/plain')
    expect(await (await api.read(fileKey)).text()).toBe('hello')
  })

  it('go with the file', async () => {
    const { api, files } = await start()
    const fileKey = await api.put('hello')
    for (let at = 0; at < 2; at++) expect(await (await api.read(fileKey)).text()).toBe('hello')
    expect((await files.delete(fileIdOf(fileKey))).status).toBe(200)
    for (const method of ['GET', 'HEAD']) expect((await api.read(fileKey, { method })).status).toBe(404)
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: false })
  })

  it('do not keep a file from being deleted when they cannot be reached', async () => {
    const { api, files } = await start()
    const fileKey = await api.put('hello')
    await (await api.read(fileKey)).text()
    const broken = vi.spyOn(caches.default, 'delete').mockRejectedValue(new Error('no cache'))
    expect((await files.delete(fileIdOf(fileKey))).status).toBe(200)
    expect(broken).toHaveBeenCalled()
    broken.mockRestore()
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })
})

describe('GET /public/{fileKey}: 404, in one answer', () => {
  it('for what is awaited, refused, failed, deleted, private, another organization’s or never was', async () => {
    const { worker, api, files } = await start()
    const { fileKey: awaited } = await bodyOf(await api.upload(helloUpload))
    const refused = await api.put(pngBytes, 'application/pdf', 'a.pdf')
    const tooShort = await bodyOf(await api.upload({ ...helloUpload, size: 6 }))
    await putObject(tooShort.fileKey, 'hello', 'text/plain')
    const deleted = await api.put('gone')
    await files.delete(fileIdOf(deleted))
    await files.stored('private words')
    const [{ object_key: direct } = { object_key: '' }] = await rows<{ object_key: string }>(
      'SELECT object_key FROM contents',
    )
    const { s3Key: pending, fileId } = await bodyOf(
      await files.upload({ requestUploadUrl: true, contentType: 'text/plain', size: 5 }),
    )
    await files.put(pending, 'hello', 'text/plain')
    await expectNotThere(await api.read(pending))
    expect((await files.get(fileId)).status).toBe(200)
    const mine = await api.put('mine')
    await worker.organization('other')
    for (const key of [
      awaited,
      refused,
      tooShort.fileKey,
      deleted,
      direct,
      pending,
      mine.replace('acme', 'other'),
      `acme/${crypto.randomUUID()}.txt`,
    ]) {
      await expectNotThere(await api.read(key))
      const head = await api.read(key, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([404, ''])
    }
    expect(await rows("SELECT uuid AS id FROM files WHERE status = 'error'")).toHaveLength(2)
    expect(await (await api.read(mine)).text()).toBe('mine')
    await expectInvariants({ swept: false })
  })

  it('for a file that was swept as never arrived', async () => {
    const { worker, api } = await start()
    const { fileKey } = await bodyOf(await api.upload(helloUpload))
    await rows('UPDATE uploads SET expires_at = 0, sweep_at = 0')
    await worker.runCron()
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'failed' }])
    await expectNotThere(await api.read(fileKey))
  })

  it('for whatever else stands in the path, and never a 5xx', async () => {
    const { worker } = await start()
    const segment = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
      fc.webPath(),
      fc.uuid(),
      fc.constantFrom('acme', '..', '.', '%', '%00', '%2e%2e', 'a b'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 4 }), async (segments) => {
        const answer = await worker.call('GET', `/public/${segments.join('/')}`)
        expect([404, 401]).toContain(answer.status)
      }),
      { numRuns: 100 },
    )
    expect((await worker.call('GET', '/public')).status).toBe(404)
  })
})

describe('/public/{fileKey}: other answers', () => {
  it('405 with Allow to another method, whether there is a file or not', async () => {
    const { api } = await start()
    for (const key of [await api.put('hello'), 'acme/nothing'])
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await api.read(key, { method })
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
        expect((await bodyOf(answer)).code).toBe(405)
      }
  })

  it('500 without details when the database or the bucket fails, and no copy of it', async () => {
    const { api, token } = await start()
    const fileKey = await api.put('hello')
    const broken = recordCalls(() => 'before')
    for (const bindings of [
      { DB: interceptDatabase(env.DB, broken) },
      { BUCKET: interceptBucket(env.BUCKET, broken) },
    ]) {
      const answer = await ctxfy(startWorker(bindings), token).read(fileKey)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([500, 'no-store'])
      expect(await answer.text()).not.toContain('injected')
    }
    expect(await (await api.read(fileKey)).text()).toBe('hello')
  })
})

describe('a file made through Ctxfy', () => {
  it('keeps its bytes when others are put through its URL', async () => {
    const { worker, api } = await start()
    const fileKey = await api.put('first')
    expect((await api.read(fileKey, { method: 'HEAD' })).status).toBe(200)
    await putObject(fileKey, 'other', 'text/plain')
    expect(await (await api.read(fileKey)).text()).toBe('first')
    vi.setSystemTime(Date.now() + 26 * 3_600_000)
    await worker.runCron()
    expect(await objectKeys()).toEqual([fileKey])
    expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
    await expectInvariants({ swept: true })
  })

  it('is listed, read and deleted through QuantCDN, and one made there is never public', async () => {
    const { api, files } = await start()
    const fileKey = await api.put('hello', 'text/plain', 'shared.txt')
    const fileId = fileIdOf(fileKey)
    expect((await bodyOf(await files.get(fileId))).filename).toBe('shared.txt')
    const { files: listed } = await bodyOf(await files.list())
    expect(listed).toEqual([expect.objectContaining({ fileId, filename: 'shared.txt', size: 5 })])
    const direct = await bodyOf(await files.upload({ content: base64('hello'), contentType: 'text/plain' }))
    // The same bytes: in an object of its own, as that of the public file goes with that file.
    expect(direct.s3Uri).toBe(`s3://slipway/acme/${direct.fileId}.txt`)
    await expectNotThere(await api.read(`acme/${direct.fileId}.txt`))
    const other = await bodyOf(await files.upload({ content: base64('other'), contentType: 'text/plain' }))
    await expectNotThere(await api.read(other.s3Uri.replace('s3://slipway/', '')))
    expect((await files.delete(fileId)).status).toBe(200)
    await expectNotThere(await api.read(fileKey))
    expect((await files.get(direct.fileId)).status).toBe(200)
    await expectInvariants({ swept: false })
  })

  it('is not found by another organization', async () => {
    const { worker, api } = await start()
    const fileKey = await api.put('hello')
    const token = await worker.organization('other')
    const other = quantcdn(worker, token, '/api/v3/organizations/other/ai/files')
    expect((await other.get(fileIdOf(fileKey))).status).toBe(404)
    expect((await other.delete(fileIdOf(fileKey))).status).toBe(404)
    expect((await bodyOf(await other.list())).files).toEqual([])
    expect(await (await api.read(fileKey)).text()).toBe('hello')
  })
})
