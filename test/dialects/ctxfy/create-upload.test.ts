import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ctxfy, fileIdOf, helloUpload, putObject, uploadPath } from '../../support/ctxfy'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { incomingKey, quantcdn } from '../../support/quantcdn'
import { endpointBindings } from '../../support/start-over'
import { bodyOf, objectKeys, rootKey, rows, startWorker } from '../../support/worker'

const gib = 1024 ** 3

async function start(scopes?: string[], quotaBytes?: number) {
  const worker = startWorker()
  const token = await worker.organization('acme', scopes, quotaBytes)
  return { worker, token, api: ctxfy(worker, token) }
}

async function expectNothingMade() {
  for (const table of ['files', 'uploads', 'contents', 'idempotency_records', 'object_deletions'])
    expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
  expect(await rows('SELECT used_bytes, reserved_bytes FROM organizations')).toEqual([
    { used_bytes: 0, reserved_bytes: 0 },
  ])
  expect(await objectKeys()).toEqual([])
}

describe('POST /v1/upload/s3: 200', () => {
  it('promises a place for exactly these bytes, and says where everyone will read them', async () => {
    const { api } = await start()
    const answer = await api.upload({ filename: 'My Photo.png', contentType: 'image/png', size: 42 })
    expect(answer.status).toBe(200)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      uploadUrl: expect.any(String),
      publicUrl: `https://gateway.example.com/public/${body.fileKey}`,
      fileKey: expect.stringMatching(/^acme\/[0-9a-f-]{36}\.png$/),
    })
    const url = new URL(body.uploadUrl)
    // Not where the file will be read: what arrives is verified and copied there.
    expect(url.pathname).toBe(`/slipway/${incomingKey(body.fileKey)}`)
    const signed = (url.searchParams.get('X-Amz-SignedHeaders') ?? '').split(';')
    expect(signed).toEqual(expect.arrayContaining(['content-length', 'content-type', 'host']))
    // A client that gets no header map sends nothing else by itself.
    expect(signed).not.toContain('if-none-match')
    expect(url.searchParams.get('X-Amz-Expires')).toBe('3600')
    expect(await rows('SELECT filename, content_type, status, is_public FROM files')).toEqual([
      { filename: 'My Photo.png', content_type: 'image/png', status: 'uploading', is_public: 1 },
    ])
    expect(await rows('SELECT reserved_bytes FROM organizations')).toEqual([{ reserved_bytes: 42 }])
  })

  it.each([
    ['https://files.example.com', 'https://files.example.com/'],
    ['https://files.example.com/', 'https://files.example.com/'],
    ['https://cdn.example.com/bucket/', 'https://cdn.example.com/bucket/'],
  ])('names the public bucket when PUBLIC_BASE_URL is %s', async (PUBLIC_BASE_URL, base) => {
    const worker = startWorker({ PUBLIC_BASE_URL })
    const api = ctxfy(worker, await worker.organization())
    const { publicUrl, fileKey } = await bodyOf(await api.upload(helloUpload))
    expect(publicUrl).toBe(base + fileKey)
  })

  it('takes a real PUT of what was promised, nothing else, and shows it to everyone', async () => {
    const worker = startWorker({ BUCKET: undefined, ...endpointBindings(), S3_SEAL_COPY_SOURCE: 'true' })
    const api = ctxfy(worker, await worker.organization())
    const { uploadUrl, publicUrl } = await bodyOf(await api.upload(helloUpload))
    const path = new URL(publicUrl).pathname
    const put = async (body: string, contentType: string) => {
      const answer = await fetch(uploadUrl, { method: 'PUT', body, headers: { 'content-type': contentType } })
      await answer.body?.cancel()
      return answer.status
    }
    expect((await worker.call('GET', path)).status).toBe(404)
    expect(await put('hello, more', 'text/plain')).toBe(403)
    expect(await put('hello', 'text/html')).toBe(403)
    expect((await worker.call('GET', path)).status).toBe(404)
    expect(await put('hello', 'text/plain')).toBe(200)
    const answer = await worker.call('GET', path)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('hello')
  })

  it.each([1, 5 * gib])('takes a size of %d', async (size) => {
    const { api } = await start()
    expect((await api.upload({ ...helloUpload, size })).status).toBe(200)
  })

  it.each([
    'application/x-whatever',
    'TEXT/Plain; Charset=utf-8',
    'model/gltf-binary',
    'application/vnd.ms-excel.sheet.macroEnabled.12',
  ])('takes the content type %s, and keeps it as it was written', async (contentType) => {
    const { api } = await start()
    const { fileKey } = await bodyOf(await api.upload({ ...helloUpload, contentType }))
    const [file] = await rows<{ content_type: string }>('SELECT content_type FROM files')
    expect(file?.content_type).toBe(contentType)
    expect(fileKey).toMatch(/^[A-Za-z0-9/_.-]+$/)
  })

  it('takes fields it does not know', async () => {
    const { api } = await start()
    expect((await api.upload({ ...helloUpload, isPublic: false, metadata: [] })).status).toBe(200)
  })
})

describe('POST /v1/upload/s3 with an Idempotency-Key', () => {
  const once = { 'idempotency-key': '"once"' }

  it('gives the same place again, and makes one file', async () => {
    const { api } = await start()
    const first = await api.upload(helloUpload, once)
    const again = await api.upload(helloUpload, once)
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
    const { fileKey, publicUrl } = await bodyOf(first)
    expect(await bodyOf(again)).toMatchObject({ fileKey, publicUrl })
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('makes one file of racing requests', async () => {
    const { api } = await start()
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.upload(helloUpload, once)))
    const keys = await Promise.all(answers.map(async (answer) => (await bodyOf(answer)).fileKey))
    expect(new Set(keys).size).toBe(1)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('replays after the bytes came, and the file stays public', async () => {
    const { api } = await start()
    const { fileKey } = await bodyOf(await api.upload(helloUpload, once))
    await putObject(fileKey, 'hello', 'text/plain')
    expect(await (await api.read(fileKey)).text()).toBe('hello')
    expect((await bodyOf(await api.upload(helloUpload, once))).fileKey).toBe(fileKey)
  })

  it('answers 422 to another request under the same key', async () => {
    const { api } = await start()
    await api.upload(helloUpload, once)
    const other = await api.upload({ ...helloUpload, size: 6 }, once)
    expect(other.status).toBe(422)
    expect(await bodyOf(other)).toMatchObject({ code: 422, message: expect.any(String) })
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('answers 422 to a request of another dialect under the same key', async () => {
    const { worker, token, api } = await start()
    await api.upload(helloUpload, once)
    const json = { requestUploadUrl: true, filename: 'hello.txt', contentType: 'text/plain', size: 5 }
    expect((await quantcdn(worker, token).upload(json, once)).status).toBe(422)
  })

  it('refuses a malformed key', async () => {
    const { api } = await start()
    const answer = await api.upload(helloUpload, { 'idempotency-key': 'x'.repeat(256) })
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).details[0].field).toBe('Idempotency-Key')
    await expectNothingMade()
  })
})

describe('POST /v1/upload/s3: 400', () => {
  it.each([
    ['filename', { ...helloUpload, filename: undefined }],
    ['filename', { ...helloUpload, filename: null }],
    ['filename', { ...helloUpload, filename: '' }],
    ['filename', { ...helloUpload, filename: ' \u0000\u202e ' }],
    ['filename', { ...helloUpload, filename: 7 }],
    ['contentType', { ...helloUpload, contentType: undefined }],
    ['contentType', { ...helloUpload, contentType: 'example_string' }],
    ['contentType', { ...helloUpload, contentType: 'text/plain\r\nx: y' }],
    ['contentType', { ...helloUpload, contentType: `text/${'x'.repeat(300)}` }],
    ['size', { ...helloUpload, size: undefined }],
    ['size', { ...helloUpload, size: 0 }],
    ['size', { ...helloUpload, size: -1 }],
    ['size', { ...helloUpload, size: 1.5 }],
    ['size', { ...helloUpload, size: '5' }],
    ['size', { ...helloUpload, size: 5 * gib + 1 }],
    ['size', { ...helloUpload, size: 1e300 }],
    ['', null],
    ['', []],
    ['', 'text'],
  ])('names %s as what is wrong with %j', async (field, json) => {
    const { api } = await start()
    const answer = await api.upload(json)
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toEqual({
      error: 'Bad Request',
      message: expect.any(String),
      code: 400,
      details: [{ field, message: expect.any(String) }],
    })
    await expectNothingMade()
  })

  it('names every field that is wrong', async () => {
    const { api } = await start()
    const { details } = await bodyOf(await api.upload({}))
    expect(details.map(({ field }: { field: string }) => field)).toEqual(['filename', 'contentType', 'size'])
  })

  it('refuses a body that is not JSON', async () => {
    const { worker, token } = await start()
    for (const body of ['', '{', '{"filename":"a"', '\u0000']) {
      const answer = await worker.call('POST', uploadPath, { token, body })
      expect(answer.status).toBe(400)
      expect((await bodyOf(answer)).details).toEqual([{ field: '', message: 'the body is not valid JSON' }])
    }
  })
})

describe('POST /v1/upload/s3: other refusals', () => {
  it('401 without a key, with the challenge', async () => {
    const { worker } = await start()
    const answer = await worker.call('POST', uploadPath, { json: helloUpload })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await bodyOf(answer)).toEqual({
      error: 'Unauthorized',
      message: 'Authentication required. Please provide a valid API token',
      code: 401,
    })
    expect((await worker.call('POST', uploadPath, { token: 'x', json: helloUpload })).status).toBe(401)
    await expectNothingMade()
  })

  it('403 without files:write, and to the root key, which has no organization', async () => {
    const { worker, api } = await start(['files:read', 'org:admin'])
    for (const answer of [await api.upload(helloUpload), await ctxfy(worker, rootKey).upload(helloUpload)]) {
      expect(answer.status).toBe(403)
      expect(await bodyOf(answer)).toEqual({ error: 'Forbidden', message: expect.any(String), code: 403 })
    }
    await expectNothingMade()
  })

  it('403 over the quota, which counts what is promised', async () => {
    const { api } = await start(undefined, 9)
    expect((await api.upload(helloUpload)).status).toBe(200)
    const answer = await api.upload(helloUpload)
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([403, 'Forbidden'])
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: false })
  })

  it('404 for a route that is not there', async () => {
    const { worker, token } = await start()
    for (const path of ['/v1/upload', '/v1/upload/s4', '/v1/upload/s3/x', '/v1/api-keys/a/b']) {
      const answer = await worker.call('POST', path, { token, json: helloUpload })
      expect(answer.status).toBe(404)
      expect(await bodyOf(answer)).toEqual({ error: 'Not Found', message: expect.any(String), code: 404 })
    }
  })

  it('405 for another method, with Allow', async () => {
    const { worker, token } = await start()
    for (const [method, path, allow] of [
      ['GET', uploadPath, 'POST'],
      ['PUT', uploadPath, 'POST'],
      ['PATCH', '/v1/api-keys', 'GET, HEAD, POST'],
      ['GET', `/v1/api-keys/${'0'.repeat(16)}`, 'DELETE'],
    ] as const) {
      const answer = await worker.call(method, path, { token })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
      expect(await bodyOf(answer)).toEqual({
        error: 'Method Not Allowed',
        message: expect.any(String),
        code: 405,
      })
    }
  })

  it('413 for a body over 64 KiB', async () => {
    const { api } = await start()
    const answer = await api.upload({ ...helloUpload, filename: 'x'.repeat(70_000) })
    expect([answer.status, (await bodyOf(answer)).code]).toEqual([413, 413])
    await expectNothingMade()
  })

  it('429 with Retry-After when the key asks too often', async () => {
    const worker = startWorker({ RATE_LIMITER: { limit: async () => ({ success: false }) } })
    const answer = await ctxfy(worker, rootKey).upload(helloUpload)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await bodyOf(answer)).toEqual({
      error: 'Too Many Requests',
      message: expect.any(String),
      code: 429,
    })
  })

  it('500 with the request id when the database fails', async () => {
    const { token } = await start()
    const calls = recordCalls((name) => (name === 'batch' ? 'before' : 'none'))
    const answer = await ctxfy(startWorker({ DB: interceptDatabase(env.DB, calls) }), token).upload(
      helloUpload,
    )
    expect(answer.status).toBe(500)
    expect(await bodyOf(answer)).toEqual({
      error: 'Internal Server Error',
      message: 'An unexpected error occurred on the server',
      code: 500,
      requestId: answer.headers.get('x-request-id'),
    })
    await expectNothingMade()
  })
})

describe('POST /v1/upload/s3, whatever it is sent', () => {
  it('answers 200 or 4xx, and what it refuses leaves nothing behind', async () => {
    const { worker, token, api } = await start()
    const field = (valid: fc.Arbitrary<unknown>) => fc.oneof({ weight: 2, arbitrary: valid }, fc.jsonValue())
    const body = fc.oneof(
      fc.record(
        {
          filename: field(fc.string({ unit: 'binary' })),
          contentType: field(fc.constantFrom('text/plain', 'image/png', 'a/b; c="d;e"', 'a/b;c')),
          size: field(fc.oneof(fc.integer(), fc.double())),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    )
    await fc.assert(
      fc.asyncProperty(body, async (json) => {
        const before = await rows('SELECT uuid AS id FROM files')
        const answer = await worker.call('POST', uploadPath, { token, body: JSON.stringify(json) })
        const made = (await rows('SELECT uuid AS id FROM files')).length - before.length
        if (answer.status === 200) {
          const { fileKey } = await bodyOf(answer)
          expect(fileKey).toMatch(/^acme\/[0-9a-f-]{36}(\.[a-z0-9]+)?$/)
          expect(made).toBe(1)
          expect((await quantcdn(worker, token).delete(fileIdOf(fileKey))).status).toBe(200)
        } else {
          expect([400, 413]).toContain(answer.status)
          expect((await bodyOf(answer)).details.length).toBeGreaterThan(0)
          expect(made).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
    expect((await api.upload(helloUpload)).status).toBe(200)
    await expectInvariants({ swept: false })
  })

  it('never makes a 5xx of bytes that are no JSON', async () => {
    const { worker, token } = await start()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const answer = await worker.call('POST', uploadPath, { token, body: new Uint8Array(bytes) })
        expect(answer.status).toBe(400)
      }),
      { numRuns: 40 },
    )
    await expectNothingMade()
  })
})
