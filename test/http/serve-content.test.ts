import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { compose } from '../../src/compose'
import { GatewayError } from '../../src/core/errors'
import type { StoredFile } from '../../src/core/files/file-record'
import type { FileId, ObjectKey, OrganizationId } from '../../src/core/ids'
import type { HttpEnv } from '../../src/http/context'
import { serveContent } from '../../src/http/serve-content'
import { interceptBucket, recordCalls } from '../support/intercept'

const key = 'acme/file.bin' as ObjectKey
const createdAt = Date.UTC(2026, 10, 1, 12)

/** Serves `bytes` as a file, and counts what the bucket is asked. */
async function start(bytes: string | Uint8Array<ArrayBuffer>, about: Partial<StoredFile> = {}) {
  await env.BUCKET.put(key, bytes)
  const object = await env.BUCKET.head(key)
  if (object === null) throw new Error('was just put')
  const file: StoredFile = {
    id: '0190a000-0000-7000-8000-000000000000' as FileId,
    organizationId: 'acme' as OrganizationId,
    filename: 'notes.txt',
    contentType: 'text/plain',
    metadata: {},
    isPublic: true,
    checksum: null,
    origin: { source: 'api', sourceDetail: null, connectorMetadata: null },
    createdAt,
    status: 'ready',
    content: {
      byteSize: object.size,
      sha256: null,
      objectKey: key,
      etag: object.etag,
      sourceEtag: null,
      watchUntil: null,
    },
    isDuplicate: false,
    ...about,
  }
  const calls = recordCalls()
  const { gatewayFor } = await compose({ ...env, BUCKET: interceptBucket(env.BUCKET, calls) } as Env)
  const app = new Hono<HttpEnv>()
  app.get('/', (c) => {
    c.set(
      'gateway',
      gatewayFor((work) => c.executionCtx.waitUntil(work), {}),
    )
    return serveContent(c, file, { cacheControl: 'private' })
  })
  app.onError((error, c) =>
    error instanceof GatewayError
      ? c.text(error.failure.code, error.failure.code === 'precondition_failed' ? 412 : 404)
      : c.text(String(error), 500),
  )
  const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
    calls.names.length = 0
    const context = createExecutionContext()
    const answer = await app.fetch(new Request('https://x.example/', { method, headers }), env, context)
    const body = new Uint8Array(await answer.arrayBuffer())
    await waitOnExecutionContext(context)
    return { status: answer.status, headers: answer.headers, body, text: new TextDecoder().decode(body) }
  }
  return { ask, file, calls, etag: `"${object.etag}"` }
}

describe('serveContent', () => {
  it('serves all of it, with headers under which nothing in it runs', async () => {
    const { ask, etag } = await start('hello')
    const { status, headers, text } = await ask()
    expect([status, text]).toEqual([200, 'hello'])
    expect(Object.fromEntries(headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'private',
      'content-disposition': `attachment; filename="notes.txt"; filename*=UTF-8''notes.txt`,
      'content-length': '5',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-type': 'text/plain',
      etag,
      'last-modified': 'Sun, 01 Nov 2026 12:00:00 GMT',
      'x-content-type-options': 'nosniff',
    })
  })

  it.each([
    ['image/png', 'inline'],
    ['IMAGE/PNG; x=y', 'inline'],
    ['image/jpeg', 'inline'],
    ['image/gif', 'inline'],
    ['image/webp', 'inline'],
    ['image/avif', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/pdf', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['image/png, text/html', 'attachment'],
  ])('shows %s as %s', async (contentType, disposition) => {
    const { ask } = await start('x', { contentType })
    expect((await ask()).headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`))
  })

  it('names the file so that no name can break out of the header', async () => {
    const { ask } = await start('x', { filename: '"; x="\\été/’.txt' })
    const value = (await ask()).headers.get('content-disposition') ?? ''
    expect(value).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[A-Za-z0-9%._!~-]+$/)
  })

  it('serves nothing of an empty file without asking the bucket', async () => {
    const { ask, calls } = await start('')
    const { status, headers, body } = await ask()
    expect([status, headers.get('content-length'), body.length]).toEqual([200, '0', 0])
    expect(calls.names).toEqual([])
  })

  it('does not find a file whose bytes are gone, or are others than those verified', async () => {
    const { ask, calls } = await start('hello')
    await env.BUCKET.put(key, 'other')
    expect(await ask()).toMatchObject({ status: 404, text: 'file_not_found' })
    await env.BUCKET.delete(key)
    expect(await ask()).toMatchObject({ status: 404, text: 'file_not_found' })
    expect(calls.names).toEqual(['get'])
  })
})

describe('serveContent with If-None-Match', () => {
  it.each([
    ['the ETag', (etag: string) => etag],
    ['the weak ETag', (etag: string) => `W/${etag}`],
    ['one of several', (etag: string) => `"other", W/"x",${etag}`],
    ['any', () => '*'],
  ])('answers 304 without a body to %s, and does not ask the bucket', async (_, header) => {
    const { ask, etag, calls } = await start('hello')
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await ask({ 'if-none-match': header(etag) }, method)
      expect([status, body.length, headers.get('etag')]).toEqual([304, 0, etag])
      expect(headers.get('cache-control')).toBe('private')
      expect(headers.has('content-length')).toBe(false)
    }
    expect(calls.names).toEqual([])
  })

  it.each(['"other"', '', 'unquoted', '"'])('answers 200 to %j', async (header) => {
    const { ask } = await start('hello')
    expect(await ask({ 'if-none-match': header })).toMatchObject({ status: 200, text: 'hello' })
  })

  it('does not take the ETag without its quotes for it', async () => {
    const { ask, etag } = await start('hello')
    expect((await ask({ 'if-none-match': etag.slice(1, -1) })).status).toBe(200)
  })

  it('comes before the range', async () => {
    const { ask, etag } = await start('hello')
    expect((await ask({ 'if-none-match': etag, range: 'bytes=0-1' })).status).toBe(304)
    expect((await ask({ 'if-none-match': etag, range: 'bytes=99-' })).status).toBe(304)
  })
})

describe('serveContent with If-Match', () => {
  it.each([
    ['the ETag', (etag: string) => etag],
    ['one of several', (etag: string) => `"other", W/"x",${etag}`],
    ['any', () => '*'],
  ])('serves the bytes to %s', async (_, header) => {
    const { ask, etag } = await start('hello')
    expect(await ask({ 'if-match': header(etag) })).toMatchObject({ status: 200, text: 'hello' })
    expect((await ask({ 'if-match': header(etag), range: 'bytes=0-0' })).status).toBe(206)
  })

  it.each([
    ['another ETag', () => '"other"'],
    ['the weak ETag, which is compared strongly', (etag: string) => `W/${etag}`],
    ['the ETag without its quotes', (etag: string) => etag.slice(1, -1)],
    ['no ETag at all', () => ''],
  ])('fails on %s, and does not ask the bucket', async (_, header) => {
    const { ask, etag, calls } = await start('hello')
    for (const method of ['GET', 'HEAD'])
      expect((await ask({ 'if-match': header(etag) }, method)).status).toBe(412)
    expect(calls.names).toEqual([])
  })

  it('comes before If-None-Match and the range', async () => {
    const { ask, etag } = await start('hello')
    expect((await ask({ 'if-match': '"other"', 'if-none-match': etag })).status).toBe(412)
    expect((await ask({ 'if-match': '"other"', range: 'bytes=99-' })).status).toBe(412)
  })
})

describe('serveContent with dates', () => {
  const [before, then, after] = [-1, 0, 1].map((seconds) =>
    new Date(createdAt + seconds * 1000).toUTCString(),
  ) as [string, string, string]

  it('answers 304 when nothing changed since: If-Modified-Since', async () => {
    const { ask, etag, calls } = await start('hello')
    for (const method of ['GET', 'HEAD'])
      for (const date of [then, after]) {
        const { status, headers, body } = await ask({ 'if-modified-since': date }, method)
        expect([status, body.length, headers.get('etag')]).toEqual([304, 0, etag])
      }
    expect(calls.names).toEqual([])
    expect((await ask({ 'if-modified-since': before })).status).toBe(200)
  })

  it('compares whole seconds, as Last-Modified tells them', async () => {
    const { ask } = await start('hello', { createdAt: createdAt + 999 })
    expect((await ask()).headers.get('last-modified')).toBe(then)
    expect((await ask({ 'if-modified-since': then })).status).toBe(304)
    expect((await ask({ 'if-unmodified-since': then })).status).toBe(200)
    expect((await ask({ 'if-range': then, range: 'bytes=0-0' })).status).toBe(206)
  })

  it('fails when something changed since: If-Unmodified-Since', async () => {
    const { ask } = await start('hello')
    for (const method of ['GET', 'HEAD'])
      expect((await ask({ 'if-unmodified-since': before }, method)).status).toBe(412)
    for (const date of [then, after]) expect((await ask({ 'if-unmodified-since': date })).status).toBe(200)
  })

  it('lets the ETag outweigh the date', async () => {
    const { ask, etag } = await start('hello')
    expect((await ask({ 'if-none-match': '"other"', 'if-modified-since': after })).status).toBe(200)
    expect((await ask({ 'if-none-match': etag, 'if-modified-since': before })).status).toBe(304)
    expect((await ask({ 'if-match': etag, 'if-unmodified-since': before })).status).toBe(200)
    expect((await ask({ 'if-match': '"other"', 'if-unmodified-since': after })).status).toBe(412)
  })

  it.each([
    '',
    'yesterday',
    '2037-10-21T07:28:00Z',
    '0',
    'Wed, 31 Feb 2037 07:28:00 GMT',
    `${after}, ${after}`,
  ])('takes %j for no condition', async (date) => {
    const { ask } = await start('hello')
    expect((await ask({ 'if-modified-since': date })).status).toBe(200)
    expect((await ask({ 'if-unmodified-since': date })).status).toBe(200)
  })
})

describe('serveContent with Range', () => {
  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=3-5', '345', 'bytes 3-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('answers 206 to %s with just that', async (range, text, contentRange) => {
    const { ask } = await start('0123456789')
    const answer = await ask({ range })
    expect(answer).toMatchObject({ status: 206, text })
    expect(answer.headers.get('content-range')).toBe(contentRange)
    expect(answer.headers.get('content-length')).toBe(String(text.length))
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])(
    'answers 416 to %s, and says the size',
    async (range) => {
      const { ask, calls } = await start('0123456789')
      const answer = await ask({ range })
      expect([answer.status, answer.body.length]).toEqual([416, 0])
      expect(answer.headers.get('content-range')).toBe('bytes */10')
      expect(calls.names).toEqual([])
    },
  )

  it.each(['lines=0-1', 'bytes=5-3', 'bytes', 'bytes=x-'])('ignores %s', async (range) => {
    const { ask } = await start('0123456789')
    const answer = await ask({ range })
    expect(answer).toMatchObject({ status: 200, text: '0123456789' })
    expect(answer.headers.has('content-range')).toBe(false)
  })

  it('has a unit that is written in any case', async () => {
    const { ask } = await start('0123456789')
    expect(await ask({ range: 'Bytes=0-1' })).toMatchObject({ status: 206, text: '01' })
  })

  it('is only for a client that has the rest of these bytes: If-Range', async () => {
    const { ask, etag } = await start('0123456789')
    const range = 'bytes=0-1'
    for (const same of [etag, 'Sun, 01 Nov 2026 12:00:00 GMT', 'Sunday, 01-Nov-26 12:00:00 GMT'])
      expect(await ask({ range, 'if-range': same })).toMatchObject({ status: 206, text: '01' })
    for (const other of [
      '"other"',
      `W/${etag}`,
      etag.slice(1, -1),
      'Sun, 01 Nov 2026 12:00:01 GMT',
      'Sun, 01 Nov 2026 11:59:59 GMT',
    ])
      expect(await ask({ range, 'if-range': other })).toMatchObject({ status: 200, text: '0123456789' })
  })

  it('CVE-2026-33658: answers many ranges with the whole, once, whatever they would add up to', async () => {
    const { ask, calls } = await start('0123456789')
    for (const ranges of [Array(1000).fill('0-'), Array(1000).fill('0-9'), ['0-0', '9-9'], ['0-1', '']]) {
      const answer = await ask({ range: `bytes=${ranges.join(',')}` })
      expect(answer).toMatchObject({ status: 200, text: '0123456789' })
      expect(answer.headers.get('content-type')).toBe('text/plain')
      expect(calls.names).toEqual(['get'])
    }
  })

  it('CVE-2026-33174: answers a huge range with what there is, as a stream that is read as it is taken', async () => {
    const bytes = new Uint8Array(6 * 1024 ** 2).fill(7)
    const { ask } = await start(bytes)
    for (const range of ['bytes=0-', 'bytes=0-999999999999999', 'bytes=-999999999999999']) {
      const answer = await ask({ range })
      expect([answer.status, answer.body.length]).toEqual([206, bytes.length])
      expect(answer.headers.get('content-range')).toBe(`bytes 0-${bytes.length - 1}/${bytes.length}`)
    }
    const beyond = await ask({ range: `bytes=0-${'9'.repeat(300)}` })
    expect([beyond.status, beyond.body.length]).toEqual([200, bytes.length])
  })
})

describe('serveContent for HEAD', () => {
  it('says what GET would, without a body and without asking the bucket', async () => {
    const { ask, calls } = await start('hello')
    const get = await ask()
    const head = await ask({}, 'HEAD')
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers))
    expect(calls.names).toEqual([])
  })

  it('ignores Range, which is defined for GET alone', async () => {
    const { ask } = await start('hello')
    for (const range of ['bytes=0-1', 'bytes=99-']) {
      const head = await ask({ range }, 'HEAD')
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '5'])
      expect(head.headers.has('content-range')).toBe(false)
    }
  })
})

describe('serveContent, whatever it is asked', () => {
  it('answers 200, 206, 304, 412 or 416, and every byte it sends is the right one', async () => {
    const whole = '0123456789abcdef'
    const { ask, etag } = await start(whole)
    const position = fc.oneof(fc.constant(''), fc.integer({ min: 0, max: 20 }).map(String))
    const range = fc.oneof(
      fc.tuple(position, position).map(([a, b]) => `bytes=${a}-${b}`),
      fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
    )
    const tag = fc.constantFrom(etag, `W/${etag}`, '"x"', '*', ',', '')
    const date = fc.constantFrom('Sun, 01 Nov 2026 12:00:00 GMT', 'Mon, 01 Jan 2024 00:00:00 GMT', 'x')
    const headers = fc.record(
      {
        range,
        'if-match': tag,
        'if-none-match': tag,
        'if-unmodified-since': date,
        'if-modified-since': date,
        'if-range': fc.oneof(tag, date),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(headers, async (asked) => {
        const { status, headers: told, text } = await ask(asked)
        expect([200, 206, 304, 412, 416]).toContain(status)
        if (status === 200) expect(text).toBe(whole)
        else if (status === 206) {
          const [, first, last] = /^bytes (\d+)-(\d+)\/16$/.exec(told.get('content-range') ?? '') ?? []
          expect(text).toBe(whole.slice(Number(first), Number(last) + 1))
        } else expect(text).toBe(status === 412 ? 'precondition_failed' : '')
      }),
      { numRuns: 150 },
    )
  })
})
