import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  byteSizeOfPart,
  partBytesMin,
  partCountMax,
  partCountOf,
  planPartBytes,
} from '../../../src/core/uploads/parts'
import { bytesOf } from '../../storage/object-store-contract'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { pngBytes, quantcdn } from '../../support/quantcdn'
import { listingStores, r2, type StoreKind, s3, startOver, stores } from '../../support/start-over'
import {
  binary,
  gibibyte,
  lifetimeOf,
  partBytes,
  put,
  putParts,
  signedHeadersOf,
  storeOrigin,
  tebibyte,
  textFile,
  twoParts,
  uploads,
} from '../../support/uploads'
import { bodyOf, objectKeys, rows } from '../../support/worker'

const once = { 'idempotency-key': 'once' }
const sha256OfHello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const md5OfHello = 'XUFAKrxLKna5cZ2REBfFkg=='
const day = 24 * 3_600_000

async function expectNothingLeft(): Promise<void> {
  for (const table of ['files', 'uploads', 'contents', 'idempotency_records'])
    expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
  expect(await objectKeys()).toEqual([])
  expect(await rows('SELECT reserved_bytes, pending_uploads FROM organizations')).toEqual([
    { reserved_bytes: 0, pending_uploads: 0 },
  ])
}

/**
 * A caller over a database of which single calls fail: the first one after the store began a multipart upload, or
 * that and all after it, as if the Worker had died there.
 */
async function startDying(store: StoreKind, which: 'one' | 'all' = 'one') {
  const calls = recordCalls()
  let isBegun = false
  const over = await startOver(store, {}, async (name, call) => {
    const answer = await call()
    if (name === 's3.createMultipart' && !isBegun) {
      isBegun = true
      const from = calls.names.length
      calls.decide = (_, index) => ((which === 'one' ? index === from : index >= from) ? 'before' : 'none')
    }
    return answer
  })
  vi.spyOn(console, 'log').mockImplementation(() => {})
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const dying = uploads(over.start({ DB: interceptDatabase(env.DB, calls) }), over.token)
  return { ...over, calls, dying }
}

describe('what POST /v1/uploads refuses', () => {
  const hello = { ...textFile, size: 5 }
  const large = { ...binary, size: 100 * 1024 ** 2, multipart: true }
  const nested = { a: { b: { c: { d: { e: { f: 1 } } } } } }

  it.each<[string, string, unknown]>([
    ['filename', 'missing', { contentType: 'text/plain', size: 5 }],
    ['filename', 'null', { ...hello, filename: null }],
    ['filename', 'a number', { ...hello, filename: 1 }],
    ['filename', 'empty', { ...hello, filename: '' }],
    ['filename', 'nothing but what cannot be seen', { ...hello, filename: ' \u0000\u202e\n ' }],
    ['contentType', 'missing', { filename: 'a', size: 5 }],
    ['contentType', 'no media type', { ...hello, contentType: 'text' }],
    ['contentType', 'two', { ...hello, contentType: 'text/plain, text/html' }],
    ['contentType', 'a header of its own', { ...hello, contentType: 'text/plain\r\nx-amz-acl: public-read' }],
    ['contentType', 'with NUL', { ...hello, contentType: 'text/plain\u0000' }],
    ['contentType', 'too long', { ...hello, contentType: `text/${'x'.repeat(251)}` }],
    ['size', 'missing', textFile],
    ['size', 'text', { ...hello, size: '5' }],
    ['size', 'negative', { ...hello, size: -1 }],
    ['size', 'fractional', { ...hello, size: 5.5 }],
    ['size', 'no exact number', { ...hello, size: 2 ** 53 }],
    ['sha256', 'short', { ...hello, sha256: sha256OfHello.slice(1) }],
    ['sha256', 'no hex', { ...hello, sha256: `${sha256OfHello.slice(1)}g` }],
    ['sha256', 'base64', { ...hello, sha256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }],
    ['sha256', 'with a line after it', { ...hello, sha256: `${sha256OfHello}\n` }],
    ['md5', 'hex', { ...hello, md5: '5d41402abc4b2a76b9719d911017c592' }],
    ['md5', 'of 15 bytes', { ...hello, md5: 'XUFAKrxLKna5cZ2REBfF' }],
    ['md5', 'of 17 bytes', { ...hello, md5: 'XUFAKrxLKna5cZ2REBfFkgA=' }],
    ['md5', 'unpadded', { ...hello, md5: 'XUFAKrxLKna5cZ2REBfFkg' }],
    ['md5', 'with bits beyond its end', { ...hello, md5: 'XUFAKrxLKna5cZ2REBfFkh==' }],
    ['metadata', 'a list', { ...hello, metadata: [] }],
    ['metadata', 'text', { ...hello, metadata: '{}' }],
    ['metadata', 'too large', { ...hello, metadata: { a: 'ü'.repeat(4096) } }],
    ['metadata', 'too deep', { ...hello, metadata: nested }],
    ['multipart', 'text', { ...hello, multipart: 'true' }],
    ['partSize', 'text', { ...large, partSize: '5242880' }],
    ['partSize', 'fractional', { ...large, partSize: partBytes + 0.5 }],
    ['partSize', 'without multipart', { ...hello, partSize: partBytes }],
    ['partSize', 'without multipart', { ...hello, multipart: false, partSize: partBytes }],
    ['partSize', 'too small', { ...large, partSize: partBytes - 1 }],
    ['partSize', 'negative', { ...large, partSize: -partBytes }],
    ['partSize', 'too large', { ...large, partSize: 5 * gibibyte + 1 }],
    ['partSize', 'too small for a size that takes no parts', { ...hello, multipart: true, partSize: 1 }],
    ['partSize', 'of too many parts', { ...large, size: partCountMax * partBytes + 1, partSize: partBytes }],
    ['sha256', 'of more in parts than is read', { ...large, size: gibibyte, sha256: sha256OfHello }],
    ['md5', 'of more in parts than is read', { ...large, size: gibibyte, md5: md5OfHello }],
    ['', 'not an object', [hello]],
    ['', 'null', null],
  ])('%j: %s', async (field, _, json) => {
    const { api } = await startOver(r2)
    const answer = await api.create(json, once)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const body = await bodyOf(answer)
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.any(String),
      instance: '/v1/uploads',
      errors: [{ field, message: expect.any(String) }],
    })
    expect(body.detail).toBe(`${field} ${body.errors[0].message}`.trimStart())
    await expectNothingLeft()
  })

  it('a body that is not JSON, and one of infinite numbers', async () => {
    const { api } = await startOver(r2)
    for (const body of ['', '{', 'size=5', '{"size":1e999,"filename":"a","contentType":"text/plain"}'])
      expect((await api.call('POST', '', { body })).status).toBe(400)
    const bodyTooLarge = await api.create({ ...hello, ignored: 'x'.repeat(64 * 1024) })
    expect(bodyTooLarge.status).toBe(413)
    await expectNothingLeft()
  })

  it('every wrong field at once, each by its name', async () => {
    const { api } = await startOver(r2)
    const { errors } = await bodyOf(await api.create({ filename: 1, size: -1, multipart: 1 }))
    expect(errors.map((error: { field: string }) => error.field)).toEqual([
      'filename',
      'contentType',
      'size',
      'multipart',
    ])
  })

  it('more than 5 TiB', async () => {
    const { api } = await startOver(r2)
    for (const json of [
      { ...binary, size: 5 * tebibyte + 1 },
      { ...binary, size: Number.MAX_SAFE_INTEGER, multipart: true },
    ]) {
      const answer = await api.create(json)
      expect(answer.status).toBe(413)
      expect((await bodyOf(answer)).detail).toContain(String(5 * tebibyte))
    }
    expect((await api.create({ ...binary, size: 5 * tebibyte })).status).toBe(201)
  })

  it('methods that are not there', async () => {
    const { api } = await startOver(r2)
    for (const [method, suffix, allow] of [
      ['GET', '', 'POST'],
      ['PUT', '/x', 'GET, HEAD, DELETE'],
      ['DELETE', '/x/parts', 'GET, HEAD, POST'],
      ['GET', '/x/complete', 'POST'],
    ] as const) {
      const answer = await api.call(method, suffix)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    }
    expect((await api.call('GET', '/x/y/z')).status).toBe(404)
  })
})

describe('a file of one PUT', () => {
  it.each(stores)('is told exactly what is signed, and its bytes arrive: $name', async (store) => {
    const { api } = await startOver(store)
    const answer = await api.create({
      filename: 'Résumé "1".txt',
      contentType: 'Text/Plain; charset=UTF-8',
      size: 5,
      sha256: sha256OfHello.toUpperCase(),
      md5: md5OfHello,
      metadata: { tag: 'a' },
    })
    expect(answer.status).toBe(201)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      id: expect.stringMatching(/^file_[0-9a-f]{32}$/),
      method: 'PUT',
      url: expect.stringContaining(`${storeOrigin}/slipway/acme/`),
      headers: {
        'Content-Type': 'Text/Plain; charset=UTF-8',
        'Content-MD5': md5OfHello,
        'x-amz-checksum-sha256': Uint8Array.fromHex(sha256OfHello).toBase64(),
        'Content-Disposition': `inline; filename="Resume _1_.txt"; filename*=UTF-8''R%C3%A9sum%C3%A9%20%221%22.txt`,
        'If-None-Match': '*',
      },
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
    const told = Object.keys(body.headers).map((name) => name.toLowerCase())
    const unsaid = ['content-length', 'host', 'x-amz-copy-source']
    expect(signedHeadersOf(body.url).sort()).toEqual([...told, ...unsaid].sort())
    expect((await put(body, 'jello')).status, 'other bytes').toBe(400)
    expect((await put(body, 'hello')).status).toBe(200)
    expect((await put(body, 'hello')).status, 'the same URL again').toBe(412)
    expect(await bodyOf(await api.complete(body.id))).toMatchObject({
      id: body.id,
      filename: 'Résumé "1".txt',
      contentType: 'Text/Plain; charset=UTF-8',
      sizeBytes: 5,
      sha256: sha256OfHello,
      status: 'ready',
    })
    await expectInvariants({ swept: true })
  })

  it('is told nothing of checksums that it did not give', async () => {
    const { api } = await startOver(r2)
    const nothing = { sha256: null, md5: null, metadata: null, multipart: null, partSize: null }
    const { headers } = await bodyOf(await api.create({ ...binary, size: 5, ...nothing }))
    expect(Object.keys(headers)).toEqual(['Content-Type', 'Content-Disposition', 'If-None-Match'])
  })

  it.each(stores)('may be empty: $name', async (store) => {
    const { api } = await startOver(store)
    const upload = await api.inOne('', { multipart: true })
    expect((await api.complete(upload.id)).status).toBe(409)
    expect((await put(upload, '')).status).toBe(200)
    expect(await bodyOf(await api.complete(upload.id))).toMatchObject({
      sizeBytes: 0,
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      status: 'ready',
    })
    await expectInvariants({ swept: true })
  })

  it('has a URL that lives for the time that a slow client takes, up to the configured end', async () => {
    const { api } = await startOver(r2, {
      UPLOAD_URL_TTL_SECONDS: '3600',
      UPLOAD_URL_MAX_TTL_SECONDS: '20000',
    })
    const now = Date.now()
    vi.setSystemTime(now)
    for (const [size, seconds] of [
      [5, 3600],
      [3600 * 128 * 1024, 3600],
      [3600 * 128 * 1024 + 1, 3601],
      [gibibyte, 8192],
      [5 * gibibyte, 20_000],
    ] as const) {
      const { url, expiresAt } = await bodyOf(await api.create({ ...binary, size }))
      expect(lifetimeOf(url)).toBe(seconds)
      expect(Date.parse(expiresAt)).toBe(now + seconds * 1000)
    }
  })

  it('has a longer URL also where QuantCDN hands it out', async () => {
    const { worker, token } = await startOver(r2)
    vi.setSystemTime(Date.now())
    const json = { requestUploadUrl: true, contentType: 'video/mp4', size: gibibyte }
    const { uploadUrl, expiresIn } = await bodyOf(await quantcdn(worker, token).upload(json))
    expect([expiresIn, lifetimeOf(uploadUrl)]).toEqual([8192, 8192])
  })

  it('keeps what a filename may keep', async () => {
    const { api } = await startOver(r2)
    for (const [filename, kept] of [
      ['../../etc/passwd', '..-..-etc-passwd'],
      ['a\u0000b\u202e.exe', 'ab.exe'],
      [`${'ä'.repeat(300)}.pdf`, `${'ä'.repeat(125)}.pdf`],
      ['e\u0301.txt', 'é.txt'],
    ]) {
      const { id, url } = await bodyOf(await api.create({ ...binary, size: 5, filename }))
      expect(url).not.toContain('passwd')
      expect(await rows('SELECT filename FROM files WHERE uuid = ?1', plain(id))).toEqual([
        { filename: kept },
      ])
    }
  })
})

const plain = (id: string) => id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

describe('a file in parts', () => {
  it.each(stores)('is told its first hundred parts, each with its size: $name', async (store) => {
    const { api } = await startOver(store)
    const size = 120 * partBytes + 7
    const body = await api.inParts(size)
    expect(body).toEqual({
      id: expect.stringMatching(/^file_[0-9a-f]{32}$/),
      multipart: {
        partSize: partBytes,
        partCount: 121,
        expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
      parts: Array.from({ length: 100 }, (_, at) => ({
        partNumber: at + 1,
        url: expect.stringContaining(`partNumber=${at + 1}&`),
        headers: {},
        size: partBytes,
      })),
    })
    for (const { url } of body.parts)
      expect(signedHeadersOf(url)).toEqual(['content-length', 'host', 'x-amz-copy-source'])
    expect(Date.parse(body.multipart.expiresAt) - Date.now()).toBeGreaterThan(6 * day)
    // 100 parts at 1 Mbit/s.
    expect(lifetimeOf(body.parts[0].url)).toBe(4000)
    const { parts } = await bodyOf(await api.sign(body.id, [121]))
    expect(parts).toEqual([{ partNumber: 121, url: expect.any(String), headers: {}, size: 7 }])
    expect(await rows('SELECT reserved_bytes FROM organizations')).toEqual([{ reserved_bytes: size }])
  })

  it('is one from 5 MiB on when it is asked for, and beyond 5 GiB always', async () => {
    const { api } = await startOver(r2)
    const isInParts = async (json: Record<string, unknown>) =>
      'multipart' in (await bodyOf(await api.create({ ...binary, ...json })))
    expect(await isInParts({ size: partBytes, multipart: true })).toBe(false)
    expect(await isInParts({ size: partBytes + 1, multipart: true })).toBe(true)
    expect(await isInParts({ size: partBytes + 1 })).toBe(false)
    expect(await isInParts({ size: 5 * gibibyte })).toBe(false)
    expect(await isInParts({ size: 5 * gibibyte, multipart: false })).toBe(false)
    expect(await isInParts({ size: 5 * gibibyte + 1 })).toBe(true)
    expect(await isInParts({ size: 5 * gibibyte + 1, multipart: false, partSize: gibibyte })).toBe(true)
  })

  it('is one PUT where the URLs of parts would outlive it, and no more than that can carry', async () => {
    const { api, multiparts } = await startOver(r2, { S3_MULTIPART_URLS: 'false' })
    const asked = { ...binary, multipart: true }
    expect(await bodyOf(await api.create({ ...asked, size: twoParts }))).toMatchObject({ method: 'PUT' })
    expect((await api.create({ ...asked, size: 5 * gibibyte })).status).toBe(201)
    expect((await api.create({ ...asked, size: 5 * gibibyte + 1 })).status).toBe(413)
    expect((await api.create({ ...asked, size: twoParts, partSize: partBytes - 1 })).status).toBe(400)
    expect(multiparts()).toEqual([])
  })

  it('is planned in equal parts within the bounds of S3 and R2, whatever its size', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 5 * tebibyte }),
      fc.integer({ min: 0, max: 5 * 1024 ** 2 }).map((mebibytes) => mebibytes * 1024 ** 2 + 1),
      fc.constantFrom(1, partBytesMin, partBytesMin + 1, 5 * gibibyte + 1, 5 * tebibyte),
    )
    const wanted = fc.option(fc.integer({ min: partBytesMin, max: 5 * gibibyte }))
    fc.assert(
      fc.property(size, wanted, (byteSize, asked) => {
        if (byteSize > 5 * tebibyte) return
        if (asked !== null && asked * partCountMax < byteSize) {
          expect(() => planPartBytes(byteSize, asked)).toThrow()
          return
        }
        const planned = { byteSize, partBytes: planPartBytes(byteSize, asked) }
        const count = partCountOf(planned)
        const last = byteSizeOfPart(planned, count)
        expect(planned.partBytes).toBeGreaterThanOrEqual(partBytesMin)
        expect(planned.partBytes).toBeLessThanOrEqual(5 * gibibyte)
        expect(count).toBeLessThanOrEqual(partCountMax)
        expect(last).toBeGreaterThan(0)
        expect(last).toBeLessThanOrEqual(planned.partBytes)
        if (count > 1) expect(byteSizeOfPart(planned, count - 1)).toBe(planned.partBytes)
        expect((count - 1) * planned.partBytes + last).toBe(byteSize)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(listingStores)('leaves nothing when the store does not begin it: $name', async (store) => {
    const { api, multiparts } = await startOver(store, {}, async (name, call) =>
      name === 's3.createMultipart' ? new Response('', { status: 500 }) : call(),
    )
    const answer = await api.create({ ...binary, size: twoParts, multipart: true }, once)
    expect(answer.status).toBe(503)
    await expectNothingLeft()
    expect(multiparts()).toEqual([])
  })

  it.each(stores)(
    'leaves nothing, in the store neither, when it cannot be written down: $name',
    async (store) => {
      const { calls, dying, multiparts, asked } = await startDying(store)
      const answer = await dying.create({ ...binary, size: twoParts, multipart: true })
      expect(answer.status).toBe(503)
      expect(asked).toContain('s3.createMultipart')
      calls.decide = () => 'none'
      await expectNothingLeft()
      expect(multiparts()).toEqual([])
    },
  )
})

describe('bytes that the organization has already', () => {
  const hello = { ...textFile, size: 5, sha256: sha256OfHello }
  const store = async (api: ReturnType<typeof uploads>, bytes: BodyInit, json: Record<string, unknown>) => {
    const upload = await bodyOf(await api.create(json))
    expect((await put(upload, bytes)).status).toBe(200)
    return bodyOf(await api.complete(upload.id))
  }
  const charged = () => rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')

  it.each(listingStores)('are a file at once, charged once: $name', async (kind) => {
    const { api } = await startOver(kind)
    await store(api, 'hello', hello)
    for (const json of [
      hello,
      { ...hello, filename: 'other.txt', sha256: sha256OfHello.toUpperCase() },
      { ...hello, contentType: 'text/markdown', multipart: true },
    ]) {
      const answer = await api.create(json)
      expect(answer.status).toBe(200)
      const body = await bodyOf(answer)
      expect(body).toEqual({
        id: expect.stringMatching(/^file_/),
        status: 'ready',
        isDuplicate: true,
      })
      expect(await bodyOf(await api.complete(body.id))).toMatchObject({
        filename: 'filename' in json ? json.filename : '',
        isDuplicate: true,
        sizeBytes: 5,
        storageCharged: 0,
      })
      expect(await bodyOf(await api.get(body.id))).toMatchObject({ status: 'ready' })
    }
    expect(await charged()).toEqual([{ used_bytes: 5, reserved_bytes: 0, pending_uploads: 0 }])
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('are taken although the quota is full', async () => {
    const { worker, api } = await startOver(r2)
    await store(api, 'hello', hello)
    await worker.organization('acme', undefined, 5)
    expect((await api.create(hello)).status).toBe(200)
    expect((await api.create({ ...hello, sha256: null })).status).toBe(402)
  })

  it('are not known to another organization', async () => {
    const { worker, api } = await startOver(r2)
    await store(api, 'hello', hello)
    const theirs = uploads(worker, await worker.organization('other'))
    const answer = await theirs.create(hello)
    expect(answer.status).toBe(201)
    expect(Object.keys(await bodyOf(answer))).toEqual(['id', 'method', 'url', 'headers', 'expiresAt'])
  })

  it.each(listingStores)('are refused under a type that they contradict: $name', async (kind) => {
    const { api } = await startOver(kind)
    const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', pngBytes)).toHex()
    const image = { filename: 'a.png', contentType: 'image/png', size: pngBytes.length, sha256 }
    await store(api, pngBytes, image)
    const [before] = [await rows('SELECT uuid AS id FROM files'), await charged()]
    const answer = await api.create({ ...image, contentType: 'application/pdf' }, once)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toEqual([
      {
        field: 'contentType',
        message: 'the bytes are a PNG image (image/png), not a PDF document (application/pdf)',
      },
    ])
    expect(await rows('SELECT uuid AS id FROM files')).toEqual(before)
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
    expect(await charged()).toEqual([{ used_bytes: pngBytes.length, reserved_bytes: 0, pending_uploads: 0 }])
    expect((await api.create(image, once)).status, 'put right under the same key').toBe(200)
    await expectInvariants({ swept: true })
  })

  it('are refused under a size that they have not', async () => {
    const { api } = await startOver(r2)
    await store(api, 'hello', hello)
    for (const json of [
      { ...hello, size: 6 },
      { ...hello, size: twoParts, multipart: true },
    ]) {
      const answer = await api.create(json, once)
      expect(answer.status).toBe(400)
      expect((await bodyOf(answer)).errors).toEqual([
        { field: 'size', message: expect.stringContaining('5') },
      ])
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
    await expectInvariants({ swept: true })
  })

  it.each(listingStores)('are awaited when they are deleted in this moment: $name', async (kind) => {
    const { api, start, worker, token } = await startOver(kind)
    const { id } = await store(api, 'hello', hello)
    // After the intent was written, before the content is adopted.
    let isDeleted = false
    const racing = new Proxy(env.DB, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (name !== 'batch') return typeof member === 'function' ? member.bind(target) : member
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements)
          if (!isDeleted) {
            isDeleted = true
            expect((await worker.call('DELETE', `/v1/files/${id}`, { token })).status).toBe(204)
          }
          return results
        }
      },
    })
    const answer = await uploads(start({ DB: racing }), token).create(hello, once)
    expect(isDeleted).toBe(true)
    expect(answer.status).toBe(201)
    const upload = await bodyOf(answer)
    expect(await charged()).toEqual([{ used_bytes: 0, reserved_bytes: 5, pending_uploads: 1 }])
    expect((await put(upload, 'hello')).status).toBe(200)
    expect(await bodyOf(await api.complete(upload.id))).toMatchObject({ status: 'ready', isDuplicate: false })
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('leave nothing when the store does not answer', async () => {
    let isDown = false
    const { api } = await startOver(s3, {}, async (name, call) =>
      isDown && name === 's3.get' ? new Response('', { status: 500 }) : call(),
    )
    await store(api, 'hello', hello)
    isDown = true
    expect((await api.create(hello, once)).status).toBe(503)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    expect(await charged()).toEqual([{ used_bytes: 5, reserved_bytes: 0, pending_uploads: 0 }])
    isDown = false
    expect((await api.create(hello, once)).status, 'at once under the same key').toBe(200)
  })

  it('do not keep a request waiting for a store that falls silent in the middle of them', async () => {
    let isSilent = false
    const { api } = await startOver(s3, {}, async (name, call) =>
      isSilent && name === 's3.get' ? silentAfterHeaders(await call()) : call(),
    )
    await store(api, 'hello', hello)
    isSilent = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = api.create(hello)
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1))
    await vi.advanceTimersByTimeAsync(30_000)
    expect((await answer).status).toBe(503)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })
})

/** `answer`, of whose body nothing comes. */
async function silentAfterHeaders(answer: Response): Promise<Response> {
  await answer.body?.cancel()
  const body = new ReadableStream({ type: 'bytes', pull: () => new Promise<void>(() => {}) })
  return new Response(body, { status: answer.status, headers: answer.headers })
}

describe('Idempotency-Key', () => {
  const hello = { ...textFile, size: 5 }
  const inParts = { ...binary, size: twoParts, multipart: true, partSize: partBytes }

  it('gives the answer to one PUT again, with a URL for the same place', async () => {
    const { api } = await startOver(r2)
    const first = await bodyOf(await api.create(hello, once))
    vi.setSystemTime(Date.now() + 60_000)
    const again = await api.create(hello, once)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    const body = await bodyOf(again)
    expect(body).toEqual({ ...first, url: expect.any(String), expiresAt: expect.any(String) })
    expect(new URL(body.url).pathname).toBe(new URL(first.url).pathname)
    expect(lifetimeOf(body.url)).toBe(3600)
    expect((await put(body, 'hello')).status).toBe(200)
    expect((await api.complete(first.id)).status).toBe(200)
    expect((await api.create(hello, once)).status, 'also when it is complete').toBe(201)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('gives the answer in parts again, with URLs for the same multipart upload', async () => {
    const { api, multiparts } = await startOver(r2)
    const first = await bodyOf(await api.create(inParts, once))
    const again = await api.create(inParts, once)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    const body = await bodyOf(again)
    expect({ ...body, parts: [] }).toEqual({ ...first, parts: [] })
    expect(multiparts()).toHaveLength(1)
    const bytes = bytesOf(twoParts)
    await putParts([first.parts[0]], bytes)
    await putParts([body.parts[1]], bytes)
    expect((await api.complete(first.id)).status).toBe(200)
  })

  it('gives the answer about known bytes again, also when they are gone', async () => {
    const { worker, token, api } = await startOver(r2)
    const known = { ...hello, sha256: sha256OfHello }
    const upload = await bodyOf(await api.create(known))
    await put(upload, 'hello')
    await api.complete(upload.id)
    const first = await bodyOf(await api.create(known, once))
    for (const deleted of ['nothing', upload.id, first.id]) {
      await worker.call('DELETE', `/v1/files/${deleted}`, { token })
      const again = await api.create(known, once)
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
      expect(await bodyOf(again)).toEqual(first)
    }
  })

  it('refuses another request', async () => {
    const { api } = await startOver(r2)
    await api.create(inParts, once)
    for (const other of [
      { ...inParts, filename: 'b.bin' },
      { ...inParts, size: twoParts + 1 },
      { ...inParts, partSize: partBytes + 1 },
      { ...inParts, multipart: false, partSize: null },
      { ...inParts, sha256: sha256OfHello },
      { ...inParts, md5: md5OfHello },
      { ...inParts, metadata: { a: 1 } },
      { ...inParts, contentType: 'text/plain' },
    ])
      expect((await api.create(other, once)).status).toBe(422)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('refuses a second one while the first one runs', async () => {
    let second: Response | undefined
    const { api, multiparts } = await startOver(r2, {}, async (name, call) => {
      if (name === 's3.createMultipart' && second === undefined) second = await api.create(inParts, once)
      return call()
    })
    expect((await api.create(inParts, once)).status).toBe(201)
    expect(second?.status).toBe(409)
    expect(Number(second?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(multiparts()).toHaveLength(1)
  })

  it.each(listingStores)(
    'is taken over from a request that died before it noted its upload: $name',
    async (kind) => {
      const { worker, api, dying, multiparts } = await startDying(kind, 'all')
      expect((await dying.create(inParts, once)).status).toBe(503)
      const [orphan] = multiparts()
      expect(orphan).toBeDefined()
      expect((await api.create(inParts, once)).status, 'it may still be running').toBe(409)

      vi.setSystemTime(Date.now() + 61_000)
      const answer = await api.create(inParts, once)
      expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null])
      const { id, parts } = await bodyOf(answer)
      expect(await rows('SELECT uuid AS id FROM files')).toEqual([{ id: plain(id) }])
      await worker.runCron()
      expect(multiparts()).toHaveLength(1)
      expect(multiparts(), 'the orphan is aborted').not.toContain(orphan)
      await putParts(parts, bytesOf(twoParts))
      expect((await api.complete(id)).status).toBe(200)
      await expectInvariants({ swept: true })
    },
  )

  it('makes one upload of eight racing requests', async () => {
    const { api, multiparts } = await startOver(r2)
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.create(inParts, once)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(201)
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([])
    expect(multiparts()).toHaveLength(1)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })
})

describe('a request that died before it noted its upload', () => {
  it('reserves nothing any more after a quarter of an hour', async () => {
    const { worker, dying, multiparts } = await startDying(r2, 'all')
    expect((await dying.create({ ...binary, size: twoParts, multipart: true })).status).toBe(503)
    expect(await rows('SELECT reserved_bytes FROM organizations')).toEqual([{ reserved_bytes: twoParts }])
    expect(multiparts()).toHaveLength(1)
    vi.setSystemTime(Date.now() + 15 * 60_000)
    for (let round = 0; round < 2; round++) await worker.runCron()
    await expectNothingLeft()
    expect(multiparts()).toEqual([])
  })
})

describe('limits of the organization', () => {
  it.each([
    ['one PUT', { ...binary, size: twoParts }],
    ['parts', { ...binary, size: twoParts, multipart: true }],
  ])('402 leaves nothing, in %s', async (_, json) => {
    const { worker, api, multiparts, asked } = await startOver(r2)
    await worker.organization('acme', undefined, twoParts - 1)
    const answer = await api.create(json, once)
    expect(answer.status).toBe(402)
    expect(await bodyOf(answer)).toMatchObject({ status: 402, title: 'Payment Required' })
    await expectNothingLeft()
    expect(multiparts()).toEqual([])
    expect(asked).not.toContain('s3.createMultipart')
    await worker.organization('acme', undefined, twoParts)
    expect((await api.create(json, once)).status).toBe(201)
    expect((await api.create({ ...binary, size: 1 })).status).toBe(402)
    expect((await api.create({ ...binary, size: 0 })).status).toBe(201)
  })

  it('429 when too many are pending, until one is over', async () => {
    const { api } = await startOver(r2, { PENDING_UPLOADS_MAX: '2' })
    const [first, second] = [await api.inOne('hello'), await api.inParts()]
    const json = { ...binary, size: 5 }
    const expectFull = async () => {
      const answer = await api.create(json, once)
      expect(answer.status).toBe(429)
      expect((await bodyOf(answer)).detail).toContain('pending')
      expect((await api.create({ ...json, size: twoParts, multipart: true })).status).toBe(429)
    }
    await expectFull()
    expect((await api.abort(second.id)).status).toBe(204)
    const third = await api.inOne('hello')
    await expectFull()
    await put(first, 'hello')
    expect((await api.complete(first.id)).status).toBe(200)
    const fourth = await api.inOne('hello', { contentType: 'application/pdf' })
    await expectFull()
    await put(fourth, pngBytes.slice(0, 5))
    await api.complete(fourth.id)
    const fifth = await api.inOne('x'.repeat(pngBytes.length), { contentType: 'application/pdf' })
    await expectFull()
    await put(fifth, pngBytes)
    expect((await api.complete(fifth.id)).status, 'refused').toBe(422)
    expect((await api.create(json, once)).status).toBe(201)
    expect((await api.get(third.id)).status).toBe(200)
    await expectInvariants({ swept: true })
  })

  it('429 is also freed by uploads that never came', async () => {
    const { worker, api } = await startOver(r2, { PENDING_UPLOADS_MAX: '2' })
    await api.inOne('hello')
    await api.inParts()
    expect((await api.create({ ...binary, size: 5 })).status).toBe(429)
    vi.setSystemTime(Date.now() + 7 * day)
    await worker.runCron()
    expect((await api.create({ ...binary, size: 5 })).status).toBe(201)
  })
})
