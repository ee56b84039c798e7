import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BlindRequest, sendBlindly } from './support/blind-client'
import { startAlone } from './support/miniflare-alone'

const rootKey = 'root-key-for-tests-0123456789abcdef'
/** Where the body is not read, every one of them fails. */
const tries = 20
/** More than the buffers of a connection hold. */
const bytes = Buffer.alloc(20_000_000, 'QUJD')
const formMaxBytes = 10_000_000
/** Requests of a key in a minute. */
const rateLimit = 200

let origin = ''
let stop: () => Promise<void>

beforeAll(async () => {
  const bindings = {
    ROOT_API_KEY: rootKey,
    SIGNING_SECRET: 'signing-secret-for-tests-0123456789',
    S3_ACCESS_KEY_ID: 'test-access-key',
    S3_SECRET_ACCESS_KEY: 'test-secret-key',
    // Nothing listens there; only the health check asks.
    S3_ENDPOINT: 'http://127.0.0.1:9',
    S3_SEAL_COPY_SOURCE: 'true',
    FORM_UPLOAD_MAX_BYTES: String(formMaxBytes),
  }
  const gateway = await startAlone(bindings, rateLimit)
  origin = gateway.origin
  stop = gateway.stop
  await call('PUT', '/v1/organizations/acme', { name: 'Acme' })
  await call('PUT', '/v1/organizations/tiny', { name: 'Tiny', quotaBytes: 1000 })
})

afterAll(() => stop?.())

async function call(method: string, path: string, json: object): Promise<{ api_key: string }> {
  const answer = await fetch(origin + path, {
    method,
    headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(json),
  })
  return answer.json() as Promise<{ api_key: string }>
}

async function keyOf(organization: string, scopes = ['files:read', 'files:write', 'org:admin']) {
  const made = await call('POST', '/v1/api-keys', { organization, scopes })
  return { authorization: `Bearer ${made.api_key}` }
}

const json = { 'content-type': 'application/json' }
const files = '/api/v3/organizations/acme/ai/files'
const someId = `file_${'0'.repeat(32)}`

function base64Body(content: Buffer | string): Buffer {
  return Buffer.concat([
    Buffer.from('{"contentType":"text/plain","content":"'),
    Buffer.from(content),
    Buffer.from('"}'),
  ])
}

const formType = { 'content-type': 'multipart/form-data; boundary=b' }

function form(head: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`--b\r\n${head}\r\n\r\n`), content, Buffer.from('\r\n--b--\r\n')])
}

const fileHead = (name: string, type: string) =>
  `Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}`
const fitting = bytes.subarray(0, formMaxBytes - 1000)
const textForm = form(fileHead('a.txt', 'text/plain'), bytes)

type Case = [name: string, status: number, request: Omit<BlindRequest, 'headers'> & { headers?: object }]

const post = (path: string, headers: object, body: Buffer, more: object = {}) => ({
  method: 'POST',
  path,
  headers,
  body,
  ...more,
})

const refusals: Case[] = [
  ['a body of a GET', 200, { method: 'GET', path: '/v1/files', body: bytes }],
  // The store is not there.
  ['a body of the health check', 503, { method: 'GET', path: '/health', body: bytes }],
  ['a body of a PATCH', 405, { method: 'PATCH', path: '/v1/files', body: bytes }],
  ['base64 over the limit', 413, post(files, json, base64Body(bytes))],
  ['base64 over the limit, in chunks', 413, post(files, json, base64Body(bytes), { isChunked: true })],
  ['what is not base64', 400, post(files, json, base64Body(Buffer.concat([Buffer.from('*'), fitting])))],
  [
    'a content type that is not supported',
    400,
    post(
      files,
      json,
      Buffer.from(base64Body(bytes.subarray(0, 9_000_000)).toString().replace('text/plain', 'audio/ogg!')),
    ),
  ],
  ['JSON that is none', 400, post(files, json, bytes)],
  ['a file for another organization', 403, post(files.replace('acme', 'tiny'), json, base64Body(bytes))],
  [
    'an Idempotency-Key that is too long',
    400,
    post(files, { ...json, 'idempotency-key': 'x'.repeat(300) }, base64Body(bytes)),
  ],
  ['a form over the limit', 413, post('/v1/files', formType, textForm)],
  ['a form over the limit, in chunks', 413, post('/v1/files', formType, textForm, { isChunked: true })],
  [
    'a form of a type that is not accepted',
    400,
    post('/v1/files', formType, form(fileHead('a.exe', 'application/x-msdownload'), fitting)),
  ],
  [
    'a form whose file is not what it says',
    400,
    post(
      '/v1/files',
      formType,
      form(
        fileHead('a.pdf', 'application/pdf'),
        Buffer.concat([
          Buffer.from(
            'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
            'base64',
          ),
          fitting,
        ]),
      ),
    ),
  ],
  ['a form without its boundary', 400, post('/v1/files', formType, fitting)],
  ['a form whose headers are malformed', 400, post('/v1/files', formType, form('nonsense', fitting))],
  ['a form that is no form', 415, post('/v1/files', json, bytes)],
  [
    'a method that is not possible',
    405,
    { method: 'PUT', path: '/v1/files', headers: formType, body: textForm },
  ],
  ['a path that is not there', 404, post('/nowhere', json, bytes)],
  ['a path that is not there in a dialect', 404, post('/v1/uploads/a/b/c', json, bytes)],
  ['a body where none is wanted', 404, { method: 'DELETE', path: `/v1/files/${someId}`, body: bytes }],
  [
    'a body that the client asked whether to send',
    413,
    post('/v1/files', { ...formType, expect: '100-continue' }, textForm),
  ],
  ...[
    '/v1/uploads',
    '/v1/api-keys',
    '/v1/upload/s3',
    '/api/v1/upload/direct',
    `/v1/files/${someId}/associations`,
    `/v1/uploads/${someId}/parts`,
    `/v1/uploads/${someId}/complete`,
  ].map(
    (path): Case => [`JSON over the limit of ${path.replace(someId, ':id')}`, 413, post(path, json, bytes)],
  ),
]

describe('a client that sends 20 MB before it looks gets the documented answer', { timeout: 240_000 }, () => {
  async function expectAnswers(status: number, request: BlindRequest) {
    const seen: string[] = []
    for (let count = 0; count < tries; count++) {
      const { status: came, text } = await sendBlindly(origin, request)
      seen.push(came === status ? 'as documented' : `${came} ${text.slice(0, 300)}`)
    }
    expect(seen).toEqual(Array.from({ length: tries }, () => 'as documented'))
  }

  it.each(refusals)('to %s: %i', async (_, status, request) => {
    await expectAnswers(status, { ...request, headers: { ...(await keyOf('acme')), ...request.headers } })
  })

  it('to bytes of tus that belong elsewhere: 409, and to too many: 413', async () => {
    const headers = { ...(await keyOf('acme')), 'tus-resumable': '1.0.0' }
    const create = { method: 'POST', headers: { ...headers, 'upload-length': '5' } }
    const path = new URL((await fetch(`${origin}/tus`, create)).headers.get('location') ?? '').pathname
    const patch = (offset: string): BlindRequest => ({
      method: 'PATCH',
      path,
      headers: { ...headers, 'upload-offset': offset, 'content-type': 'application/offset+octet-stream' },
      body: bytes,
    })
    await expectAnswers(409, patch('3'))
    await expectAnswers(413, patch('0'))
    await expectAnswers(413, { ...patch('0'), isChunked: true })
  })

  it('to a form over the quota: 402', async () => {
    const body = form(fileHead('a.txt', 'text/plain'), fitting)
    await expectAnswers(
      402,
      post('/v1/files', { ...formType, ...(await keyOf('tiny')) }, body) as BlindRequest,
    )
  })

  it('to base64 over the quota: 403', async () => {
    const path = files.replace('acme', 'tiny')
    const body = base64Body(bytes.subarray(0, 9_000_000))
    await expectAnswers(403, post(path, { ...json, ...(await keyOf('tiny')) }, body) as BlindRequest)
  })

  it('to a key without the scope: 403', async () => {
    const headers = { ...formType, ...(await keyOf('acme', ['files:read'])) }
    await expectAnswers(403, post('/v1/files', headers, textForm) as BlindRequest)
  })

  it.each([
    ['without a credential', {}],
    ['with a credential that is none', { authorization: 'Bearer slip_nonsense' }],
  ])('to a request %s: 401', async (_, headers) => {
    await expectAnswers(401, post('/v1/files', { ...formType, ...headers }, textForm) as BlindRequest)
  })

  it('to a key that has asked too often: 429', async () => {
    const headers = await keyOf('acme')
    // The limiter counts by the minute of the clock. In one that is nearly over it would count anew in the midst of this.
    const leftMs = 60_000 - (Date.now() % 60_000)
    if (leftMs < 30_000) await new Promise((resolve) => setTimeout(resolve, leftMs))
    for (let count = 0; count <= rateLimit; count += 20)
      await Promise.all(Array.from({ length: 20 }, () => fetch(`${origin}/v1/files?limit=1`, { headers })))
    await expectAnswers(429, post('/v1/files', { ...formType, ...headers }, textForm) as BlindRequest)
  })
})
