import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { supportedContentTypes } from '../../../src/dialects/quantcdn/schema'
import { expectInvariants } from '../../support/invariants'
import { base64, filesPath, incomingKey, pngBytes, quantcdn } from '../../support/quantcdn'
import { createS3OverBucket } from '../../support/s3-over-bucket'
import { answerStoreRequests } from '../../support/store-requests'
import { bodyOf, objectKeys, rootKey, rows, startWorker } from '../../support/worker'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MiB = 1024 ** 2
const GiB = 1024 ** 3

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: quantcdn(worker, token) }
}

async function expectNothingStored() {
  expect(await objectKeys()).toEqual([])
  expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  expect(await rows('SELECT file_id FROM uploads')).toEqual([])
  await expectInvariants({ swept: true })
}

describe('uploadFile with content', () => {
  it('stores the bytes and answers with the documented fields', async () => {
    const { api } = await start()
    const metadata = { collectionId: 'col-123', tags: ['architecture', 'generated'] }
    const answer = await api.upload({
      content: base64(pngBytes),
      requestUploadUrl: false,
      size: pngBytes.length,
      filename: 'diagram.png',
      contentType: 'image/png',
      metadata,
    })
    expect(answer.status).toBe(201)
    const body = await bodyOf(answer)
    const key = `acme/${body.fileId}.png`
    expect(body).toEqual({
      fileId: expect.stringMatching(uuid),
      s3Uri: `s3://slipway/${key}`,
      url: expect.stringMatching(
        new RegExp(`^https://store\\.example\\.com/slipway/${key}\\?.*X-Amz-Expires=3600&`),
      ),
      filename: 'diagram.png',
      contentType: 'image/png',
      size: pngBytes.length,
      metadata: { ...metadata, artifactType: 'image' },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
    const object = await env.BUCKET.get(key)
    expect(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(pngBytes)
    expect(object?.httpMetadata?.contentType).toBe('image/png')
    await expectInvariants({ swept: true })
  })

  it('computes and records the SHA-256 of 7 MiB, the most that fits, and refuses one byte more', async () => {
    const { api } = await start()
    const bytes = new Uint8Array(7 * MiB + 1)
    for (let at = 0; at < bytes.length; at += 65_536)
      crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, bytes.length)))
    const most = bytes.subarray(0, 7 * MiB)
    const answer = await api.upload({ content: base64(most), contentType: 'application/zip' })
    expect(answer.status).toBe(201)
    const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', most)).toHex()
    expect(await rows('SELECT lower(hex(sha256)) AS sha256, byte_size FROM contents')).toEqual([
      { sha256, byte_size: 7 * MiB },
    ])
    const { fileId } = await bodyOf(answer)
    const object = await env.BUCKET.get(`acme/${fileId}.zip`)
    const stored = (await object?.arrayBuffer()) ?? new ArrayBuffer()
    expect(new Uint8Array(await crypto.subtle.digest('SHA-256', stored)).toHex()).toBe(sha256)

    const refused = await api.upload({ content: base64(bytes), contentType: 'application/zip' })
    expect(refused.status).toBe(413)
    expect(await bodyOf(refused)).toEqual({
      error: true,
      message: expect.stringContaining('requestUploadUrl'),
    })
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('refuses a body that is too large by its Content-Length before looking at it', async () => {
    const { worker, token } = await start()
    const answer = await worker.call('POST', filesPath, {
      token,
      body: 'no JSON at all',
      headers: { 'content-length': '60000000', 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(413)
  })

  it.each([
    ['text/plain', 'txt', 'document'],
    ['text/html; Charset=UTF-8', 'html', 'document'],
    ['application/json', 'json', 'code'],
    ['application/zip', 'zip', 'archive'],
    ['video/mp4', 'mp4', 'video'],
    ['image/webp', 'webp', 'image'],
    ['image/jpg', 'jpg', 'image'],
    ['application/x-zip-compressed', 'zip', 'archive'],
    ['application/x-javascript', 'js', 'code'],
    ['text/x-markdown', 'md', 'document'],
    ['Text/Plain ;CHARSET="utf-8"', 'txt', 'document'],
  ])(
    'names a file of type %s after its id and says what it is',
    async (contentType, extension, artifactType) => {
      const { api } = await start()
      const body = await bodyOf(await api.upload({ content: base64('1'), contentType }))
      expect(body).toMatchObject({
        filename: `${body.fileId}.${extension}`,
        metadata: { artifactType },
        contentType,
      })
    },
  )

  it('keeps an artifactType that is given', async () => {
    const { api } = await start()
    const body = await bodyOf(
      await api.upload({ content: '', contentType: 'text/plain', metadata: { artifactType: 'poem' } }),
    )
    expect(body.metadata).toEqual({ artifactType: 'poem' })
  })

  it('stores a file of no bytes', async () => {
    const { api } = await start()
    const answer = await api.upload({ content: '', contentType: 'text/plain' })
    expect(answer.status).toBe(201)
    expect((await bodyOf(answer)).size).toBe(0)
    await expectInvariants({ swept: true })
  })

  it('accepts every supported type, and what the operator adds', async () => {
    const worker = startWorker({ QUANTCDN_EXTRA_CONTENT_TYPES: 'audio/ogg, font/woff2' })
    const api = quantcdn(worker, await worker.organization())
    for (const contentType of [...supportedContentTypes, 'audio/ogg', 'font/woff2'])
      expect((await api.upload({ content: base64(contentType), contentType })).status).toBe(201)
  })

  it('cleans the filename and never puts it into the key', async () => {
    const { api } = await start()
    const body = await bodyOf(
      await api.upload({ content: '', contentType: 'text/plain', filename: '../../etc/\u202epass\u0000wd' }),
    )
    expect(body.filename).toBe('..-..-etc-passwd')
    expect(body.s3Uri).toBe(`s3://slipway/acme/${body.fileId}.txt`)
  })

  it('stores bytes of the organization once, and charges them once', async () => {
    const { worker, api } = await start()
    const first = await api.stored('same bytes')
    const second = await api.stored('same bytes', { filename: 'other.txt' })
    expect(second).not.toBe(first)
    expect(await objectKeys()).toHaveLength(1)
    expect((await bodyOf(await api.get(second))).s3Uri).toContain(first)
    const usage = await bodyOf(await worker.call('GET', '/v1/organizations/acme', { token: rootKey }))
    expect(usage).toMatchObject({ usedBytes: 10, reservedBytes: 0 })
    await expectInvariants({ swept: true })
  })

  it('never shares bytes between organizations', async () => {
    const { worker, api } = await start()
    const other = quantcdn(worker, await worker.organization('other'), '/api/v3/organisations/other/ai/files')
    await api.stored('same bytes')
    await other.stored('same bytes')
    expect(await objectKeys()).toHaveLength(2)
    await expectInvariants({ swept: true })
  })

  it('stores and charges eight racing uploads of the same bytes once', async () => {
    const { api } = await start()
    const ids = await Promise.all(Array.from({ length: 8 }, () => api.stored('raced for')))
    expect(new Set(ids).size).toBe(8)
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  const invalid: [name: string, body: unknown, field: string][] = [
    ['no content and no upload URL', { contentType: 'text/plain' }, 'content'],
    ['content that is no string', { content: 5, contentType: 'text/plain' }, 'content'],
    ['a data URL', { content: 'data:text/plain;base64,aGk=', contentType: 'text/plain' }, 'content'],
    ['base64url', { content: '-_-_', contentType: 'text/plain' }, 'content'],
    ['missing padding', { content: 'aGk', contentType: 'text/plain' }, 'content'],
    [
      'content and an upload URL',
      { content: 'aGk=', requestUploadUrl: true, contentType: 'text/plain' },
      'content',
    ],
    ['no content type', { content: 'aGk=' }, 'contentType'],
    ['a content type that is none', { content: 'aGk=', contentType: 'text' }, 'contentType'],
    ['an unsupported content type', { content: 'aGk=', contentType: 'audio/ogg' }, 'contentType'],
    ['another size than the content has', { content: 'aGk=', size: 3, contentType: 'text/plain' }, 'size'],
    ['a negative size', { content: 'aGk=', size: -1, contentType: 'text/plain' }, 'size'],
    ['a size that is no integer', { content: 'aGk=', size: 1.5, contentType: 'text/plain' }, 'size'],
    ['a filename that is no string', { content: '', filename: 7, contentType: 'text/plain' }, 'filename'],
    [
      'a flag that is no flag',
      { content: '', requestUploadUrl: 'yes', contentType: 'text/plain' },
      'requestUploadUrl',
    ],
    ['metadata that is no object', { content: '', metadata: [1], contentType: 'text/plain' }, 'metadata'],
    [
      'metadata that is too deep',
      { content: '', metadata: { a: [[[[[1]]]]] }, contentType: 'text/plain' },
      'metadata',
    ],
    [
      'metadata that is too large',
      { content: '', metadata: { a: 'x'.repeat(8192) }, contentType: 'text/plain' },
      'metadata',
    ],
    ['a PNG sent as a PDF', { content: base64(pngBytes), contentType: 'application/pdf' }, 'content'],
    ['a PNG sent as text', { content: base64(pngBytes), contentType: 'text/plain' }, 'content'],
  ]
  it.each(invalid)('refuses %s, names the field and leaves nothing behind', async (_, body, field) => {
    const { api } = await start()
    const answer = await api.upload(body)
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toEqual({
      error: true,
      message: expect.stringContaining(field),
      details: [{ field, message: expect.any(String) }],
    })
    await expectNothingStored()
  })

  it.each([
    ['no JSON', 'hello'],
    ['half a body', '{"contentType":"text/plain","content":"aGk'],
    ['an array', '[]'],
    ['nothing', ''],
  ])('refuses %s as a body', async (_, text) => {
    const { api } = await start()
    const answer = await api.uploadRaw(text)
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ error: true, details: [{ field: '' }] })
    await expectNothingStored()
  })

  it('reads what PHP writes, and content after the other fields', async () => {
    const { api } = await start()
    const bytes = Uint8Array.from({ length: 1000 }, (_, at) => 255 - (at % 7))
    const content = base64(bytes).replaceAll('/', '\\/')
    expect(content).toContain('\\/')
    const answer = await api.uploadRaw(`{"contentType":"application\\/zip","content":"${content}"}`)
    expect(answer.status).toBe(201)
    const { fileId } = await bodyOf(answer)
    const stored = await env.BUCKET.get(`acme/${fileId}.zip`)
    expect(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(bytes)
  })

  it('answers any JSON with 201, 400 or 413, and keeps metadata exactly', async () => {
    const { api } = await start()
    const field = fc.oneof(
      fc.constantFrom('content', 'requestUploadUrl', 'size', 'filename', 'contentType', 'metadata'),
      fc.string(),
    )
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('text/plain', 'aGk=', true, null),
      fc.string({ unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, value), async (json) => {
        expect([201, 400, 413]).toContain((await api.upload(json)).status)
      }),
      { numRuns: 100 },
    )
    const metadata = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }))
    await fc.assert(
      fc.asyncProperty(metadata, fc.string({ unit: 'binary' }), async (given, filename) => {
        // -0 is 0 in JSON.
        const sent = JSON.parse(JSON.stringify(given))
        const answer = await api.upload({ content: '', contentType: 'text/plain', metadata: sent, filename })
        expect(answer.status).toBe(201)
        const body = await bodyOf(answer)
        expect(body.metadata).toEqual({ artifactType: 'document', ...sent })
        expect((await bodyOf(await api.get(body.fileId))).metadata).toEqual(body.metadata)
      }),
      { numRuns: 50 },
    )
    await expectInvariants({ swept: true })
  })
})

describe('uploadFile with requestUploadUrl', () => {
  it('answers with a sealed URL and the documented fields', async () => {
    const { api } = await start()
    const answer = await api.upload({
      requestUploadUrl: true,
      size: 1234,
      filename: 'film.mp4',
      contentType: 'video/mp4',
      metadata: { scene: 3 },
    })
    expect(answer.status).toBe(201)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      fileId: expect.stringMatching(uuid),
      // Not at the key that is promised: what arrives is verified and copied there.
      uploadUrl: expect.stringContaining(`https://store.example.com/slipway/${incomingKey(body.s3Key)}?`),
      s3Key: `acme/${body.fileId}.mp4`,
      expiresIn: 3600,
      filename: 'film.mp4',
      contentType: 'video/mp4',
      size: 1234,
      metadata: { scene: 3, artifactType: 'video' },
      createdAt: expect.any(String),
    })
    const signed = new URL(body.uploadUrl).searchParams
    expect(signed.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host;x-amz-copy-source')
    expect(signed.get('X-Amz-Expires')).toBe('3600')
    await expectInvariants({ swept: true })
  })

  it('leaves the size open when none is given', async () => {
    const { api } = await start()
    const body = await bodyOf(await api.upload({ requestUploadUrl: true, contentType: 'video/mp4' }))
    expect(body).not.toHaveProperty('size')
    expect(new URL(body.uploadUrl).searchParams.get('X-Amz-SignedHeaders')).not.toContain('content-length')
  })

  it('takes 5 GiB in one PUT, and says how to send more in parts', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const { worker, token, api } = await start()
    const request = { requestUploadUrl: true, filename: 'film.mp4', contentType: 'video/mp4' }
    const whole = await bodyOf(await api.upload({ ...request, size: 5 * GiB }))
    expect(whole.uploadUrl).toEqual(expect.any(String))
    const answer = await api.upload({ ...request, size: 5 * GiB + 1 })
    expect(answer.status).toBe(201)
    const body = await bodyOf(answer)
    const own = `https://gateway.example.com/v1/uploads/${body.fileId}`
    expect(body).toEqual({
      fileId: expect.stringMatching(uuid),
      s3Key: `acme/${body.fileId}.mp4`,
      filename: 'film.mp4',
      contentType: 'video/mp4',
      size: 5 * GiB + 1,
      metadata: { artifactType: 'video' },
      createdAt: expect.any(String),
      expiresIn: expect.any(Number),
      multipart: {
        uploadId: body.fileId,
        partSize: 16 * MiB,
        partCount: 321,
        partsUrl: `${own}/parts`,
        completeUrl: `${own}/complete`,
      },
    })
    expect(body.expiresIn).toBeLessThanOrEqual(7 * 86_400)
    expect(body.expiresIn).toBeGreaterThan(6 * 86_400)
    const signed = await worker.call('POST', new URL(body.multipart.partsUrl).pathname, {
      token,
      json: { partNumbers: [321] },
    })
    expect((await bodyOf(signed)).parts).toEqual([
      { partNumber: 321, size: 1, headers: {}, url: expect.stringContaining(body.s3Key) },
    ])
    expect((await api.get(body.fileId)).status).toBe(404)
    await expectInvariants({ swept: true })
  })

  it('refuses more than an object can have with 413 and the reason', async () => {
    const { api } = await start()
    const most = 5 * 1024 * GiB
    const refused = await api.upload({ requestUploadUrl: true, contentType: 'video/mp4', size: most + 1 })
    expect(refused.status).toBe(413)
    expect((await bodyOf(refused)).message).toContain(String(most))
    await expectNothingStored()
  })

  it('accepts empty content beside it, as generated clients send', async () => {
    const { api } = await start()
    const answer = await api.upload({ requestUploadUrl: true, content: '', contentType: 'text/plain' })
    expect(answer.status).toBe(201)
  })

  it('reserves what was promised, and refuses what the quota does not hold', async () => {
    const worker = startWorker()
    const api = quantcdn(worker, await worker.organization('acme', undefined, 100))
    const presign = (size: number) => api.upload({ requestUploadUrl: true, size, contentType: 'text/plain' })
    expect((await presign(60)).status).toBe(201)
    const refused = await presign(41)
    expect(refused.status).toBe(403)
    expect((await bodyOf(refused)).message).toContain('quota')
    expect((await api.upload({ content: base64('x'.repeat(41)), contentType: 'text/plain' })).status).toBe(
      403,
    )
    expect((await presign(40)).status).toBe(201)
    expect(await rows('SELECT used_bytes, reserved_bytes FROM organizations')).toEqual([
      { used_bytes: 0, reserved_bytes: 100 },
    ])
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })
})
