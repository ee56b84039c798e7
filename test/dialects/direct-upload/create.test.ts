import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blobOf, directPath, directUpload } from '../../support/direct-upload'
import { expectInvariants } from '../../support/invariants'
import { quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: directUpload(worker, token) }
}

async function expectNothingLeft() {
  expect(await objectKeys()).toEqual([])
  expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  expect(await rows('SELECT file_id FROM uploads')).toEqual([])
  expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
  await expectInvariants({ swept: true })
}

const signedHeadersOf = (url: string) => new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';')

describe('POST /api/v1/upload/direct', () => {
  it('answers 200 with the fields and the order of Rails', async () => {
    const { api } = await start()
    const answer = await api.create(await blobOf('hello world'))
    expect(answer.status).toBe(200)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      id: expect.any(Number),
      key: expect.stringMatching(/^acme\/[0-9a-f-]{36}\.txt$/),
      filename: 'hello world.txt',
      content_type: 'text/plain',
      metadata: {},
      service_name: 'r2',
      byte_size: 11,
      checksum: 'XrY7u+Ae7tCTyyK7j1rNww==',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      signed_id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
      direct_upload: {
        url: expect.stringContaining(`https://store.example.com/slipway/${body.key}?`),
        headers: {
          'Content-Type': 'text/plain',
          'Content-MD5': 'XrY7u+Ae7tCTyyK7j1rNww==',
          'Content-Disposition': `inline; filename="hello world.txt"; filename*=UTF-8''hello%20world.txt`,
          'If-None-Match': '*',
        },
      },
    })
    expect(Object.keys(body)).toEqual([
      ...['id', 'key', 'filename', 'content_type', 'metadata', 'service_name', 'byte_size', 'checksum'],
      ...['created_at', 'signed_id', 'direct_upload'],
    ])
    await expectInvariants({ swept: true })
  })

  it('signs every header that it tells the client to send, the length, and no copy', async () => {
    const { api } = await start()
    const { direct_upload } = await bodyOf(await api.create(await blobOf('hello')))
    expect(signedHeadersOf(direct_upload.url)).toEqual(
      [
        ...Object.keys(direct_upload.headers).map((name) => name.toLowerCase()),
        ...['content-length', 'host', 'x-amz-copy-source'],
      ].sort(),
    )
  })

  it('seals no write-once where the operator says that the store does not know it', async () => {
    const worker = startWorker({ S3_WRITE_ONCE: 'false' })
    const api = directUpload(worker, await worker.organization())
    const { direct_upload } = await bodyOf(await api.create(await blobOf('hello')))
    expect(direct_upload.headers).not.toHaveProperty('If-None-Match')
    expect(signedHeadersOf(direct_upload.url)).not.toContain('if-none-match')
  })

  it.each([
    ['base64 of 32 bytes', ''],
    ['what newer Rails writes', 'sha256:'],
  ])('takes a SHA-256 as %s, and seals it in place of an MD5', async (_, prefix) => {
    const { api } = await start()
    const blob = await blobOf('hello', {}, { algorithm: 'SHA-256', prefix })
    const body = await bodyOf(await api.create(blob))
    expect(body.checksum).toBe(blob.checksum)
    expect(body.direct_upload.headers).toMatchObject({
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    })
    expect(body.direct_upload.headers).not.toHaveProperty('Content-MD5')
    expect(signedHeadersOf(body.direct_upload.url)).toContain('x-amz-checksum-sha256')
  })

  it('ignores what the Rails client and others send beside, and takes digits for a size', async () => {
    const { api } = await start()
    const blob = { ...(await blobOf('hello')), byte_size: '5', metadata: null, csrf: 1 }
    const answer = await api.call('POST', directPath, { json: { blob, attachment_name: 'User#avatar' } })
    expect([answer.status, (await bodyOf(answer)).byte_size]).toEqual([200, 5])
  })

  it('lets no client set what is internal, neither beside the metadata nor in it', async () => {
    const { worker, token, api } = await start()
    await worker.organization('victim')
    const internal = {
      id: 1,
      key: 'victim/secret.txt',
      service_name: 'local',
      signed_id: 'x',
      status: 'ready',
      organization_id: 'victim',
      organizationId: 'victim',
      contentId: 'x',
      sha256: '0'.repeat(64),
      write_once: false,
      created_at: '1970-01-01T00:00:00Z',
      direct_upload: { url: 'https://evil.example/' },
    }
    // Rails took these from a client (CVE-2026-33173): the file then passed for examined.
    const metadata = {
      ...internal,
      identified: true,
      analyzed: true,
      composed: true,
      content_type: 'text/html',
    }
    const body = await bodyOf(await api.create({ ...internal, ...(await blobOf('hello')), metadata }))
    expect(body).toMatchObject({ key: expect.stringMatching(/^acme\//), service_name: 'r2', metadata })
    expect(body.id).not.toBe(1)
    expect(body.direct_upload.url).toContain(body.key)
    expect(await rows('SELECT organization_id, status, content_type, content_id FROM files')).toEqual([
      { organization_id: 'acme', status: 'uploading', content_type: 'text/plain', content_id: null },
    ])
    expect((await api.download(body.signed_id)).status).toBe(404)
    expect((await quantcdn(worker, token).list()).status).toBe(200)
  })

  it.each(['audio/ogg', 'application/vnd.odd+x; v="1, 2"', 'x-world/x-3dmf', 'text/html'])(
    'takes the type %s as any',
    async (content_type) => {
      const { api } = await start()
      const answer = await api.create(await blobOf('hello', { content_type }))
      expect(answer.status).toBe(200)
      const { direct_upload } = await bodyOf(answer)
      expect(direct_upload.headers['Content-Type']).toBe(content_type)
    },
  )

  it.each([
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['image/png', 'inline'],
    ['application/pdf', 'inline'],
  ])('seals %s as %s: what a browser would run is never shown', async (content_type, disposition) => {
    const { api } = await start()
    const { direct_upload } = await bodyOf(await api.create(await blobOf('hello', { content_type })))
    expect(direct_upload.headers['Content-Disposition']).toMatch(new RegExp(`^${disposition}; `))
  })

  it('cleans the filename as Rails does, and never puts it into the key', async () => {
    const { api } = await start()
    const filename = '../a/b"c\u202eé?.png'
    const body = await bodyOf(await api.create(await blobOf('x', { filename, content_type: 'image/png' })))
    expect(body.filename).toBe('..-a-b"cé?.png')
    expect(body.key).toMatch(/^acme\/[0-9a-f-]{36}\.png$/)
    expect(body.direct_upload.headers['Content-Disposition']).toBe(
      `inline; filename="..-a-b_ce?.png"; filename*=UTF-8''..-a-b%22c%C3%A9%3F.png`,
    )
  })

  it('makes ids that JavaScript holds exactly and that tell nothing of how many there are', async () => {
    const { api } = await start()
    const ids: number[] = []
    for (let count = 0; count < 8; count++)
      ids.push((await bodyOf(await api.create(await blobOf('hello')))).id)
    expect(new Set(ids).size).toBe(8)
    expect(ids.every((id) => Number.isSafeInteger(id) && id >= 0)).toBe(true)
    expect(Math.max(...ids)).toBeGreaterThan(2 ** 40)
    expect([...ids].sort((a, b) => a - b)).not.toEqual(ids)
  })

  it('takes nothing at all, and 5 GiB', async () => {
    const { api } = await start()
    for (const byte_size of [0, 5 * 1024 ** 3])
      expect((await api.create(await blobOf('', { byte_size }))).status).toBe(200)
  })

  it.each([
    ['https://acct.eu.r2.cloudflarestorage.com', 'r2'],
    ['https://s3.eu-central-1.amazonaws.com', 'amazon'],
    ['https://amazonaws.com.example.com', 's3'],
  ])('calls a store at %s %s', async (S3_ENDPOINT, service) => {
    const worker = startWorker({ BUCKET: undefined, S3_ENDPOINT })
    const api = directUpload(worker, await worker.organization())
    expect((await bodyOf(await api.create(await blobOf('hello')))).service_name).toBe(service)
  })

  const missing = { msg: 'Field required', type: 'missing' }
  const noString = { msg: 'Input should be a valid string', type: 'string_type' }
  const wrongValue = { msg: expect.stringMatching(/^Value error, /), type: 'value_error' }
  const invalid: [name: string, change: Record<string, unknown>, field: string, said: object][] = [
    ['no filename', { filename: undefined }, 'filename', missing],
    ['no content_type', { content_type: undefined }, 'content_type', missing],
    ['no byte_size', { byte_size: undefined }, 'byte_size', missing],
    ['no checksum', { checksum: undefined }, 'checksum', missing],
    ['filename null', { filename: null }, 'filename', noString],
    ['content_type null', { content_type: null }, 'content_type', noString],
    ['checksum null', { checksum: null }, 'checksum', noString],
    ['a number as filename', { filename: 5 }, 'filename', noString],
    ['a filename of nothing', { filename: '\u202e' }, 'filename', wrongValue],
    ['byte_size null', { byte_size: null }, 'byte_size', { type: 'int_type' }],
    ['byte_size true', { byte_size: true }, 'byte_size', { type: 'int_type' }],
    ['byte_size 1.5', { byte_size: 1.5 }, 'byte_size', { type: 'int_type' }],
    ['byte_size in words', { byte_size: 'many' }, 'byte_size', { type: 'int_parsing' }],
    ['byte_size -1', { byte_size: -1 }, 'byte_size', { type: 'greater_than_equal' }],
    ['byte_size "-1"', { byte_size: '-1' }, 'byte_size', { type: 'greater_than_equal' }],
    ['a type that is none', { content_type: 'text' }, 'content_type', wrongValue],
    ['a type that breaks headers', { content_type: 'text/plain\r\nx: y' }, 'content_type', wrongValue],
    ['metadata that is no object', { metadata: [1] }, 'metadata', wrongValue],
    ['metadata that is too deep', { metadata: { a: [[[[[1]]]]] } }, 'metadata', wrongValue],
    ['metadata that is too large', { metadata: { a: 'x'.repeat(8192) } }, 'metadata', wrongValue],
    ...[
      ['', 'nothing'],
      ['x', 'a letter'],
      ['XrY7u+Ae7tCTyyK7j1rNww', 'an MD5 without padding'],
      ['XrY7u+Ae7tCTyyK7j1rNwx==', 'an MD5 with spare bits'],
      ['XrY7u-Ae7tCTyyK7j1rNww==', 'base64url'],
      [' XrY7u+Ae7tCTyyK7j1rNww==', 'white space'],
      ['5eb63bbbe01eeed093cb22bb8f5acdc3', 'an MD5 in hexadecimal'],
      ['sha256:XrY7u+Ae7tCTyyK7j1rNww==', 'an MD5 called SHA-256'],
      ['md5:XrY7u+Ae7tCTyyK7j1rNww==', 'another prefix'],
      ['2jmj7l5rSw0yVb/vlWAYkK/YBwk=', 'a SHA-1'],
    ].map(([checksum, name]): (typeof invalid)[number] => [
      `${name} as checksum`,
      { checksum },
      'checksum',
      wrongValue,
    ]),
  ]
  it.each(invalid)(
    'answers 422 to %s, as pydantic says it, and leaves nothing',
    async (_, change, field, said) => {
      const { api } = await start()
      const answer = await api.create(await blobOf('hello', change), { 'idempotency-key': 'k' })
      expect(answer.status).toBe(422)
      expect(await bodyOf(answer)).toEqual({
        detail: [{ loc: ['body', 'blob', field], msg: expect.any(String), ...said }],
      })
      await expectNothingLeft()
    },
  )

  it('names every field that is wrong', async () => {
    const { api } = await start()
    const { detail } = await bodyOf(await api.create({}))
    expect(detail.map(({ loc }: { loc: string[] }) => loc.join('.'))).toEqual([
      'body.blob.filename',
      'body.blob.content_type',
      'body.blob.byte_size',
      'body.blob.checksum',
    ])
  })

  it('points to the multipart endpoints over 5 GiB', async () => {
    const { api } = await start()
    for (const byte_size of [5 * 1024 ** 3 + 1, '99999999999999999999', 1e300]) {
      const answer = await api.create(await blobOf('', { byte_size }))
      expect(answer.status).toBe(422)
      expect(await bodyOf(answer)).toEqual({
        detail: [
          {
            loc: ['body', 'blob', 'byte_size'],
            msg: expect.stringContaining('/v1/uploads'),
            type: 'value_error',
          },
        ],
      })
    }
    await expectNothingLeft()
  })

  it.each([
    ['nothing', '', ['body'], 'missing'],
    ['no JSON', 'blob[filename]=a.txt', ['body'], 'json_invalid'],
    ['half of it', '{"blob":', ['body'], 'json_invalid'],
    ['an array', '[]', ['body'], 'value_error'],
    ['null', 'null', ['body'], 'value_error'],
    ['no blob', '{}', ['body', 'blob'], 'missing'],
    ['a blob that is none', '{"blob":5}', ['body', 'blob'], 'value_error'],
  ])('answers 422 to %s as a body', async (_, body, loc, type) => {
    const { api } = await start()
    const answer = await api.call('POST', directPath, {
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(422)
    expect(await bodyOf(answer)).toEqual({ detail: [{ loc, msg: expect.any(String), type }] })
    await expectNothingLeft()
  })

  it('answers 413 to a body that is too large', async () => {
    const { api } = await start()
    const answer = await api.create(await blobOf('hello', { padding: 'x'.repeat(65_536) }))
    expect(answer.status).toBe(413)
    expect(await bodyOf(answer)).toMatchObject({
      error: 'Content Too Large',
      error_code: 'content_too_large',
    })
    await expectNothingLeft()
  })

  it('answers 403 to what the quota does not hold', async () => {
    const worker = startWorker()
    const api = directUpload(worker, await worker.organization('acme', undefined, 4))
    const answer = await api.create(await blobOf('hello'))
    expect(answer.status).toBe(403)
    expect(await bodyOf(answer)).toMatchObject({ error_code: 'quota_exceeded' })
    await expectNothingLeft()
  })

  it('answers any JSON with 200 or 4xx, and only 200 leaves a row', async () => {
    const { api } = await start()
    const valid = await blobOf('hello')
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...Object.values(valid), 0, -1, '7', null, 'sha256:', 2 ** 53),
    )
    const blob = fc
      .tuple(
        fc.dictionary(fc.constantFrom(...Object.keys(valid), 'metadata', 'key', '__proto__'), anything),
        fc.boolean(),
      )
      .map(([changes, isNearlyValid]) => (isNearlyValid ? { ...valid, ...changes } : changes))
    let made = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof({ arbitrary: blob, weight: 9 }, fc.jsonValue()), async (json) => {
        const answer = await api.create(json)
        if (answer.status === 200) made++
        else expect([answer.status, await bodyOf(answer)]).toEqual([422, { detail: expect.any(Array) }])
      }),
      { numRuns: 200 },
    )
    expect(await rows('SELECT count(*) AS n FROM files')).toEqual([{ n: made }])
    expect(made).toBeGreaterThan(0)
    await expectInvariants({ swept: true })
  })
})
