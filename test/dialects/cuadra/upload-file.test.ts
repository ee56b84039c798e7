import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { type Sha256, sha256Of } from '../../../src/core/ids'
import { bytesOf } from '../../storage/object-store-contract'
import { boundary, cuadra, field, formBytes, type Part, plainId, textFile } from '../../support/cuadra'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { pngBytes, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

async function start(overrides: Parameters<typeof startWorker>[0] = {}, quotaBytes?: number) {
  const worker = startWorker(overrides)
  const token = await worker.organization('acme', undefined, quotaBytes)
  return { worker, token, api: cuadra(worker, token) }
}

const hello = new TextEncoder().encode('hello')
const helloSha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

/** No file, no upload, no object, no association: as if the request had never been. */
async function expectNothingLeft(): Promise<void> {
  expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  expect(await rows('SELECT file_id FROM uploads')).toEqual([])
  expect(await rows('SELECT file_id FROM associations')).toEqual([])
  expect(await rows('SELECT subject_id FROM idempotency_records')).toEqual([])
  expect(await objectKeys()).toEqual([])
  await expectInvariants({ swept: true })
}

describe('an upload', () => {
  it('answers 201 with the whole file, and stores its bytes', async () => {
    const { api } = await start()
    const answer = await api.upload([
      textFile('hello', 'notes.txt'),
      field('resource_type', 'chat'),
      field('resource_id', 'chat_xyz789'),
    ])
    expect(answer.status).toBe(201)
    const file = await bodyOf(answer)
    expect(file).toEqual({
      id: expect.stringMatching(/^file_[0-9a-f]{32}$/),
      filename: 'notes.txt',
      contentType: 'text/plain',
      sizeBytes: 5,
      sha256: helloSha256,
      status: 'ready',
      isDuplicate: false,
      storageCharged: 5,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      processingStatus: null,
      processedAt: file.createdAt,
      source: 'api',
      sourceDetail: null,
      connectorMetadata: null,
      associations: [{ resourceType: 'chat', resourceId: 'chat_xyz789', createdAt: file.createdAt }],
    })
    const object = await env.BUCKET.get(`acme/${plainId(file.id)}.txt`)
    expect(await object?.text()).toBe('hello')
    expect(object?.checksums.toJSON().sha256, 'checked by the store').toBe(helloSha256)
    await expectInvariants({ swept: true })
  })

  it('takes the fields before the file as well, and reads over unknown fields, as Uppy sends it', async () => {
    const { api } = await start()
    const answer = await api.upload([
      field('relativePath', 'null'),
      field('name', 'notes.txt'),
      field('type', 'text/plain'),
      field('resource_type', 'dataset'),
      field('resource_id', 'set 1/ü'),
      field('source_detail', 'dashboard'),
      { name: 'thumbnail', content: pngBytes, filename: 'x.png', type: 'image/png' },
      textFile('hello', 'notes.txt'),
      field('constructor', 'x'),
      field('__proto__', 'x'),
    ])
    expect(await bodyOf(answer)).toMatchObject({
      sourceDetail: 'dashboard',
      associations: [{ resourceType: 'dataset', resourceId: 'set 1/ü' }],
    })
  })

  it('takes what FormData writes', async () => {
    const { worker, token } = await start()
    const form = new FormData()
    form.append('file', new File(['hello'], 'möwe "1".txt', { type: 'text/plain' }))
    const answer = await worker.call('POST', '/v1/files', { token, body: form })
    expect(await bodyOf(answer)).toMatchObject({ filename: 'möwe "1".txt', sizeBytes: 5, associations: [] })
  })

  it.each([
    ['raw UTF-8, as browsers and curl send it', '日本語 🛶.txt', [], '日本語 🛶.txt'],
    ['a percent-encoded quote', 'a%22b%0D%0A.txt', [], 'a"b.txt'],
    ['a backslash-escaped quote', 'a\\"b.txt', [], 'a"b.txt'],
    ['a path', '../../etc/passwd.txt', [], '..-..-etc-passwd.txt'],
    ['a semicolon', 'a;name=b.txt', [], 'a;name=b.txt'],
  ])('keeps a filename of %s', async (_, filename, headers, expected) => {
    const { api } = await start()
    const answer = await api.upload([{ ...textFile('hello', filename), headers }])
    expect(await bodyOf(answer)).toMatchObject({ filename: expected })
  })

  it('prefers filename* where a client sends it, unless it cannot be read', async () => {
    const { api } = await start()
    const wire = (parameters: string) =>
      new TextEncoder().encode(
        `--${boundary}\r\nContent-Disposition: form-data; name=file; ${parameters}\r\n\r\nhello\r\n--${boundary}--`,
      )
    for (const [parameters, filename] of [
      [`filename="a.txt"; filename*=UTF-8''%E2%82%AC.txt`, '€.txt'],
      [`filename*=UTF-8''%E2%82%AC.txt; filename="a.txt"`, '€.txt'],
      [`filename="a.txt"; filename*=UTF-8''%E2%82.txt`, 'a.txt'],
      [`filename*=UTF-8''%zz.txt; filename="a.txt"`, 'a.txt'],
      [`filename="a.txt"; filename*=""`, 'a.txt'],
      [`filename="a.txt"; filename*=a.txt`, 'a.txt'],
    ] as const)
      expect(await bodyOf(await api.send(wire(parameters))), parameters).toMatchObject({ filename })
    expect((await api.send(wire("filename*=UTF-8''%E2%82.txt"))).status).toBe(400)
  })

  it('says what a connector says', async () => {
    const { api } = await start()
    const metadata = { driveId: 'x', __proto__: 1, tags: ['a', { b: null }] }
    const answer = await api.upload([
      textFile('hello'),
      field('source_detail', 'google_drive'),
      field('connector_metadata', JSON.stringify(metadata)),
    ])
    const file = await bodyOf(answer)
    expect(file).toMatchObject({
      source: 'connector',
      sourceDetail: 'google_drive',
      connectorMetadata: { driveId: 'x', tags: ['a', { b: null }] },
    })
    expect(await bodyOf(await api.get(file.id))).toMatchObject({
      source: 'connector',
      connectorMetadata: file.connectorMetadata,
    })
  })

  it('takes an empty file, and empty fields as left out', async () => {
    const { api } = await start()
    const answer = await api.upload([
      field('resource_type', ''),
      field('resource_id', ''),
      field('source_detail', ''),
      field('connector_metadata', ''),
      textFile(''),
    ])
    expect(await bodyOf(answer)).toMatchObject({
      sizeBytes: 0,
      source: 'api',
      sourceDetail: null,
      associations: [],
    })
    await expectInvariants({ swept: true })
  })

  it.each([
    ['a part to the byte', 5 * 1024 ** 2],
    ['several parts', 12 * 1024 ** 2 + 77],
  ])('keeps %s byte for byte', async (_, byteSize) => {
    const { api } = await start()
    const bytes = bytesOf(byteSize)
    const answer = await api.upload([
      textFile(bytes, 'big.bin'),
      field('resource_type', 'chat'),
      field('resource_id', 'x'),
    ])
    const file = await bodyOf(answer)
    const sha256: Sha256 = await sha256Of(bytes)
    expect(file).toMatchObject({ sizeBytes: byteSize, sha256, storageCharged: byteSize })
    const [key = ''] = await objectKeys()
    const stored = await env.BUCKET.get(key)
    expect(await sha256Of(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer()))).toBe(sha256)
    await expectInvariants({ swept: true })
  })

  it('keeps bytes that look like the boundary, whole and in every part of it', async () => {
    const { api } = await start()
    const near = [
      `\r\n--${boundary.slice(0, -1)}X`,
      `--${boundary}`,
      `\n--${boundary}`,
      '\r\n--\r\n',
      '\r\r\n-',
    ]
    const content = new TextEncoder().encode(near.join('|').repeat(300))
    expect(await bodyOf(await api.upload([textFile(content)]))).toMatchObject({
      sizeBytes: content.length,
      sha256: await sha256Of(content),
    })
  })

  it('costs two database round trips, whether the key is verified or not, and one bucket call', async () => {
    const { token } = await start()
    // A verified key is believed for 30 s.
    vi.setSystemTime(Date.now())
    const [database, bucket] = [recordCalls(), recordCalls()]
    const api = cuadra(
      startWorker({ DB: interceptDatabase(env.DB, database), BUCKET: interceptBucket(env.BUCKET, bucket) }),
      token,
    )
    for (let round = 0; round < 2; round++) {
      database.names.length = 0
      bucket.names.length = 0
      const parts = [textFile(`hello ${round}`), field('resource_type', 'chat'), field('resource_id', 'x')]
      expect((await api.upload(parts, { 'idempotency-key': `key ${round}` })).status).toBe(201)
      expect(database.names).toHaveLength(2)
      expect(bucket.names).toEqual(['put'])
    }
  })
})

describe('an accepted type', () => {
  const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  it.each([
    ['a.pdf', 'application/pdf', 'application/pdf'],
    ['a', 'TEXT/CSV; charset=utf-8', 'TEXT/CSV; charset=utf-8'],
    ['a.bin', 'application/json', 'application/json'],
    ['A.PDF', 'application/octet-stream', 'application/pdf'],
    ['a.docx', 'application/octet-stream', docx],
    ['a.md', undefined, 'text/markdown'],
    ['a.b.csv', undefined, 'text/csv'],
  ])('is what %s sent as %s is taken for', async (filename, type, expected) => {
    const { api } = await start()
    const part: Part = { name: 'file', content: 'hello', filename, ...(type === undefined ? {} : { type }) }
    expect(await bodyOf(await api.upload([part]))).toMatchObject({ contentType: expected })
  })

  it.each([
    ['a.png', 'image/png'],
    ['a.exe', 'application/octet-stream'],
    ['pdf', undefined],
    ['a.constructor', undefined],
    ['a.txt', 'text/plain; charset'],
    ['a.xls', 'application/vnd.ms-excel'],
    ['a.csv', 'application/msword'],
    ['a.csv', 'text/html'],
    ['a', '*/*'],
  ])('is not that of %s sent as %s: 400', async (filename, type) => {
    const { api } = await start()
    const part: Part = { name: 'file', content: 'hello', filename, ...(type === undefined ? {} : { type }) }
    const answer = await api.upload([part])
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ errors: [{ field: 'file' }] })
    await expectNothingLeft()
  })

  const csvNames =
    `application/csv application/x-csv text/x-csv text/comma-separated-values application/vnd.ms-excel
    application/msexcel text/tab-separated-values text/plain-csv`.split(/\s+/)
  const nothing = `binary/octet-stream */* application/* application/x-download application/force-download
    application/unknown multipart/form-data application/x-www-form-urlencoded undefined csv`.split(/\s+/)
  it('of a CSV is known under every name, and where the client says nothing', async () => {
    const { api } = await start()
    for (const type of [...csvNames, ...nothing])
      expect([type, await bodyOf(await api.upload([textFile('a;b\n', 'data.csv', type)]))]).toMatchObject([
        type,
        { contentType: 'text/csv', filename: 'data.csv', status: 'ready' },
      ])
  })

  it('goes by the extension of the name that is kept, decoded and cleaned', async () => {
    const { api } = await start()
    const kept = {
      'data.csv ': 'data.csv',
      'data.csv\u200f': 'data.csv',
      'data.c\u200esv': 'data.csv',
      'data.csv\u00a0': 'data.csv',
      'DATA.CSV.': 'DATA.CSV.',
      '=?utf-8?B?w7xiZXIuY3N2?=': 'über.csv',
      '=?UTF-8?Q?=C3=BCber_uns.csv?=': 'über uns.csv',
    }
    for (const [filename, expected] of Object.entries(kept))
      expect(
        await bodyOf(await api.upload([textFile('a;b\n', filename, 'application/octet-stream')])),
      ).toMatchObject({ filename: expected, contentType: 'text/csv' })
  })

  it('under another name is no way around a look at the bytes', async () => {
    const { api } = await start()
    const program = new Uint8Array([0x4d, 0x5a, 0x90, 0, 3, ...new Uint8Array(60)])
    const workbook = new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(600)])
    for (const content of [program, workbook, pngBytes])
      for (const type of ['application/vnd.ms-excel', '*/*', 'application/octet-stream', 'text/csv'])
        expect((await api.upload([textFile(content, 'data.csv', type)])).status).toBe(400)
    const html = await api.upload([textFile('<script>alert(1)</script>', 'a.pdf', '*/*')])
    expect((await bodyOf(html)).detail).toContain('an HTML page (text/html), not a PDF document')
    await expectNothingLeft()
  })

  it('can be added by the operator, also by extension', async () => {
    const { api } = await start({ CUADRA_EXTRA_CONTENT_TYPES: 'image/png,audio/x-own' })
    for (const type of ['image/png', 'application/octet-stream'])
      expect(
        await bodyOf(await api.upload([{ name: 'file', content: pngBytes, filename: 'a.png', type }])),
      ).toMatchObject({ contentType: 'image/png' })
    expect((await api.upload([textFile('x', 'a.own', 'audio/x-own')])).status).toBe(201)
  })

  it('is contradicted by bytes that are recognisably another: 400, and nothing stays', async () => {
    const { api } = await start()
    for (const content of [pngBytes, new Uint8Array([...pngBytes, ...bytesOf(6 * 1024 ** 2)])]) {
      const answer = await api.upload([textFile(content, 'a.pdf', 'application/pdf')])
      expect(answer.status).toBe(400)
      expect((await bodyOf(answer)).detail).toContain('image/png')
    }
    await expectNothingLeft()
  })
})

describe('a form that is refused', () => {
  const file = textFile('hello')
  it.each<[string, Part[], string]>([
    ['has no file', [field('resource_type', 'chat'), field('resource_id', 'x')], 'file'],
    ['has no parts', [], 'file'],
    ['has two files', [file, file], 'file'],
    ['has its file as text', [field('file', 'hello')], 'file'],
    ['has its file in base64', [{ ...file, headers: ['Content-Transfer-Encoding: base64'] }], 'file'],
    ['has a resource_type alone', [file, field('resource_type', 'chat')], 'resource_id'],
    ['has a resource_id alone', [field('resource_id', 'x'), file], 'resource_type'],
    [
      'has an unknown resource_type',
      [file, field('resource_type', 'folder'), field('resource_id', 'x')],
      'resource_type',
    ],
    ['has an unknown resource_type first', [field('resource_type', 'toString'), file], 'resource_type'],
    [
      'has a resource_id with a control character',
      [field('resource_type', 'chat'), field('resource_id', 'a\u0000b'), file],
      'resource_id',
    ],
    [
      'has a resource_id that is too long',
      [file, field('resource_type', 'chat'), field('resource_id', 'x'.repeat(256))],
      'resource_id',
    ],
    ['has a field twice', [field('source_detail', 'a'), field('source_detail', 'b'), file], 'source_detail'],
    [
      'has a source_detail that is too long',
      [file, field('source_detail', 'x'.repeat(256))],
      'source_detail',
    ],
    [
      'has connector_metadata that is no JSON',
      [file, field('connector_metadata', '{')],
      'connector_metadata',
    ],
    [
      'has connector_metadata that is no object',
      [file, field('connector_metadata', '[]')],
      'connector_metadata',
    ],
    [
      'has connector_metadata that is too large',
      [file, field('connector_metadata', JSON.stringify({ a: 'x'.repeat(9000) }))],
      'connector_metadata',
    ],
    [
      'has a field that is not UTF-8',
      [file, { name: 'source_detail', content: new Uint8Array([0xff]) }],
      'source_detail',
    ],
    ['has a field that is too large', [file, field('source_detail', 'x'.repeat(70_000))], ''],
    ['has too many parts', [...Array.from({ length: 200 }, (_, n) => field(`x${n}`, '')), file], ''],
    ['has headers that are too large', [{ ...file, headers: [`X-A: ${'x'.repeat(20_000)}`] }], ''],
    ['has too many headers', [{ ...file, headers: Array.from({ length: 200 }, (_, n) => `X-${n}: x`) }], ''],
  ])('%s: 400 about the field, and nothing stays', async (_, parts, about) => {
    const { api } = await start()
    const answer = await api.upload(parts)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await bodyOf(answer)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.any(String),
      instance: '/v1/files',
      errors: [{ field: about, message: expect.any(String) }],
    })
    await expectNothingLeft()
  })

  it('ends in the middle, wherever: 400, and nothing stays', async () => {
    const { api } = await start()
    const whole = formBytes([field('resource_type', 'chat'), file, field('resource_id', 'x')])
    for (let end = 0; end < whole.length - 4; end += 9) {
      const answer = await api.send(whole.slice(0, end))
      expect(answer.status, `cut off at ${end}`).toBe(400)
    }
    const large = formBytes([textFile(bytesOf(11 * 1024 ** 2), 'a.bin')])
    for (const end of [4000, 5 * 1024 ** 2, 10.5 * 1024 ** 2, large.length - 30])
      expect((await api.send(large.slice(0, end))).status).toBe(400)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    expect(await rows('SELECT file_id FROM uploads')).toEqual([])
    expect(await objectKeys()).toEqual([])
  })

  it('comes from a client that goes away: nothing stays', async () => {
    const { api } = await start()
    const whole = formBytes([textFile(bytesOf(11 * 1024 ** 2), 'a.bin')])
    let at = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (at > 8 * 1024 ** 2) return controller.error(new Error('the client went away'))
        controller.enqueue(whole.slice(at, at + 65_536))
        at += 65_536
      },
    })
    expect((await api.send(body)).status).toBe(400)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    expect(await rows('SELECT file_id FROM uploads')).toEqual([])
    expect(await objectKeys()).toEqual([])
  })

  it.each([
    ['application/json', 415],
    ['multipart/mixed; boundary=x', 415],
    ['', 415],
    ['multipart/form-data', 400],
    ['multipart/form-data; boundary=', 400],
    [`multipart/form-data; boundary=${'x'.repeat(300)}`, 400],
    ['multipart/form-data; boundary=another', 400],
  ])('is sent as %j: %i', async (contentType, status) => {
    const { api } = await start()
    const answer = await api.upload([file], { 'content-type': contentType })
    expect(answer.status).toBe(status)
    await expectNothingLeft()
  })

  it('is too large by its Content-Length, before it is read: 413', async () => {
    const { api } = await start({ FORM_UPLOAD_MAX_BYTES: '1000' })
    const answer = await api.upload([textFile(bytesOf(300_000), 'a.bin')])
    expect(answer.status).toBe(413)
    expect((await bodyOf(answer)).detail).toContain('1000')
    await expectNothingLeft()
  })

  it('is too large once it is read: 413, and one of the last byte is not', async () => {
    const { api } = await start({ FORM_UPLOAD_MAX_BYTES: String(6 * 1024 ** 2) })
    const bytes = bytesOf(6 * 1024 ** 2 + 1)
    expect((await api.upload([textFile(bytes, 'a.bin')])).status).toBe(413)
    await expectInvariants({ swept: false })
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    expect(await objectKeys()).toEqual([])
    expect((await api.upload([textFile(bytes.subarray(1), 'a.bin')])).status).toBe(201)
  })

  it('comes without a Content-Length and does not end: 413', async () => {
    const { api } = await start({ FORM_UPLOAD_MAX_BYTES: '1000' })
    const head = formBytes([textFile('hello')]).slice(0, -(boundary.length + 8))
    let sent = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        controller.enqueue(sent++ === 0 ? head.slice() : new Uint8Array(65_536))
      },
    })
    expect((await api.send(body)).status).toBe(413)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })

  it('exceeds the quota: 402, and nothing stays; known bytes do not exceed it', async () => {
    const { api } = await start({}, 7)
    await api.stored('hello')
    const answer = await api.upload([textFile('hello world')])
    expect(answer.status).toBe(402)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    expect(await rows('SELECT file_id FROM uploads')).toEqual([])
    expect((await api.upload([textFile('hello', 'b.txt')])).status).toBe(201)
    await expectInvariants({ swept: false })
  })
})

describe('bytes the organization has', () => {
  it('are stored and charged once, also between dialects', async () => {
    const { worker, token, api } = await start()
    const first = await bodyOf(await api.upload([textFile('hello')]))
    const again = await bodyOf(await api.upload([textFile('hello', 'b.txt')]))
    expect(again).toMatchObject({ isDuplicate: true, storageCharged: 0, sizeBytes: 5, sha256: helloSha256 })
    expect(again.id).not.toBe(first.id)
    const other = quantcdn(worker, token)
    await other.stored('hello')
    expect(await objectKeys()).toEqual([`acme/${plainId(first.id)}.txt`])
    expect(await rows('SELECT used_bytes, reserved_bytes FROM organizations')).toEqual([
      { used_bytes: 5, reserved_bytes: 0 },
    ])
    await worker.runCron()
    expect(await rows('SELECT object_key FROM object_deletions')).toEqual([])
    await expectInvariants({ swept: true })
  })

  it.each([5, 5 * 1024 ** 2 + 3])(
    'are stored and charged once when eight uploads of %i race',
    async (byteSize) => {
      const { api } = await start()
      const bytes = byteSize === 5 ? hello : bytesOf(byteSize)
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => api.upload([textFile(bytes, 'a.bin')])),
      )
      const files = await Promise.all(answers.map(bodyOf))
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
      expect(files.filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(1)
      expect(files.reduce((sum, file) => sum + file.storageCharged, 0)).toBe(byteSize)
      expect(await objectKeys()).toHaveLength(1)
      await expectInvariants({ swept: true })
    },
  )

  it('stay whole for the other file when one of two is deleted', async () => {
    const { api } = await start()
    const ids = [await api.stored('hello'), await api.stored('hello')]
    for (const [deleted, kept] of [ids, [await api.stored('hello'), await api.stored('hello')]]) {
      expect((await api.delete(deleted ?? '')).status).toBe(204)
      const content = await api.content(kept ?? '', '?redirect=false')
      expect(await content.text()).toBe('hello')
      await expectInvariants({ swept: true })
    }
  })

  it('are another organization’s own secret', async () => {
    const { worker, api } = await start()
    const theirs = cuadra(worker, await worker.organization('other'))
    await api.stored('hello')
    expect(await bodyOf(await theirs.upload([textFile('hello')]))).toMatchObject({ isDuplicate: false })
    expect(await objectKeys()).toHaveLength(2)
  })
})
