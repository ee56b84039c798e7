import { describe, expect, it } from 'vitest'
import { boundary, field, formBytes } from '../../support/cuadra'
import { filepond, filepondPath } from '../../support/filepond'
import { grants } from '../../support/grants'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver } from '../../support/start-over'
import { headersOf } from '../../support/tus'
import { bodyOf, rows } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  const api = filepond(over.worker, over.token)
  const fileOf = async (id: string) =>
    bodyOf(await over.worker.call('GET', `/v1/files/${id}`, { token: over.token }))
  return { ...over, api, fileOf }
}

const image = (content: string | Uint8Array, name = 'filepond') => ({
  ...{ name, content },
  ...{ filename: 'a.txt', type: 'text/plain' },
})
const form = { 'content-type': 'multipart/form-data; boundary=b' }

describe('a form', () => {
  it.each(['filepond', 'avatar', 'files[]'])(
    'with a file in %s is stored, and its id is the answer',
    async (name) => {
      const { api, fileOf } = await start()
      const answer = await api.store(field(name, '{"a":1}'), image('hello', name))
      expect(answer.status).toBe(201)
      expect(answer.headers.get('content-type')).toContain('text/plain')
      const id = await answer.text()
      expect(id).toMatch(/^file_[0-9a-f]{32}$/)
      expect(await fileOf(id)).toMatchObject({ filename: 'a.txt', contentType: 'text/plain', sizeBytes: 5 })
      expect(await rows('SELECT metadata FROM files')).toEqual([{ metadata: '{"artifactType":"document"}' }])
      await expectInvariants({ swept: true })
    },
  )

  it('of no known type has the one of its name', async () => {
    const { api, fileOf } = await start()
    const unknown = { ...image('a{}'), filename: 'a.css', type: 'application/octet-stream' }
    expect(await fileOf(await (await api.store(unknown)).text())).toMatchObject({ contentType: 'text/css' })
  })

  it('can be repeated under an Idempotency-Key', async () => {
    const { api, worker, token } = await start()
    const send = (upload: Record<string, string>) =>
      worker.call('POST', filepondPath, { token, headers: { ...upload, 'idempotency-key': 'once' } })
    const [first, again] = [await send({ 'upload-length': '5' }), await send({ 'upload-length': '5' })]
    expect([await again.text(), again.headers.get('idempotent-replayed')]).toEqual([
      await first.text(),
      'true',
    ])
    expect((await send({ 'upload-length': '6' })).status).toBe(400)
    expect((await api.store(image('hello'))).status).toBe(201)
  })

  it.each<[string, number, Parameters<typeof formBytes>[0], string]>([
    ['without a file', 400, [field('filepond', '{}')], 'the form has no file'],
    ['with two files', 400, [image('hello'), image('other')], 'must be one file'],
    ['whose type is none', 400, [{ ...image('hello'), type: 'text' }], 'must be a media type'],
    [
      'in base64',
      400,
      [{ ...image('aGVsbG8='), headers: ['Content-Transfer-Encoding: base64'] }],
      'must not be sent in base64',
    ],
    [
      'whose bytes are of another type',
      415,
      [{ ...image('%PDF-1.7\n%'), type: 'image/png' }],
      'the bytes are',
    ],
  ])('%s is %i, in one sentence', async (_, status, parts, sentence) => {
    const { api } = await start()
    const answer = await api.store(...parts)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('text/plain')
    expect(await answer.text()).toContain(sentence)
    await expectInvariants({ swept: true })
  })

  it('that is none is 415, one that is too large 413', async () => {
    const { token, start: another } = await start()
    const api = filepond(another({ FORM_UPLOAD_MAX_BYTES: '4' }), token)
    expect((await api.call('POST', '', { json: {} })).status).toBe(415)
    expect((await api.store(image('hello'))).status).toBe(413)
  })
})

describe('chunks', () => {
  it('are appended to an upload that a form without a file has begun', async () => {
    const { worker, token, api, fileOf } = await start()
    const id = await api.begun(5)
    expect((await fileOf(id)).status).toBe('uploading')
    const first = await api.patch(id, 0, 5, 'hel')
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '3'])
    const at = await api.head(id)
    expect([at.status, at.headers.get('upload-offset')]).toEqual([200, '3'])
    const last = await api.patch(id, 3, 5, 'lo')
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, '5'])
    // Of a file that is a multiple of the chunks' size, the widget sends an empty one last.
    expect((await api.patch(id, 5, 5, '')).status).toBe(204)
    const content = await worker.call('GET', `/v1/files/${id}/content?redirect=false`, { token })
    expect(await content.text()).toBe('hello')
    await expectInvariants({ swept: true })
  })

  it('have the name of Upload-Name, where it is said at the beginning', async () => {
    const { api, fileOf } = await start()
    const id = await (await api.begin(0, { 'upload-name': 'a/ä.css' })).text()
    expect(await fileOf(id)).toMatchObject({ filename: 'a-ä.css', contentType: 'text/css', status: 'ready' })
  })

  it('name the file with the first of them', async () => {
    const { api, fileOf } = await start()
    const id = await api.begun(5)
    await api.patch(id, 0, 5, 'hel', { 'upload-name': 'first.txt' })
    expect((await fileOf(id)).filename).toBe('first.txt')
    await api.patch(id, 3, 5, 'lo', { 'upload-name': 'second.txt' })
    expect((await fileOf(id)).filename).toBe('first.txt')
  })

  it('are awaited after an empty form, and not after one that has the file, whatever else is said', async () => {
    const { api, fileOf } = await start()
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}`, 'upload-length': '5' }
    const empty = await api.call('POST', '', { headers, body: `--${boundary}--\r\n` })
    expect((await fileOf(await empty.text())).status).toBe('uploading')
    const whole = await api.call('POST', '', { headers, body: formBytes([image('hello')]) })
    expect(await fileOf(await whole.text())).toMatchObject({ status: 'ready', sizeBytes: 5 })
  })

  it('that are sent again because their answer was lost are kept once', async () => {
    const { api } = await start()
    const id = await api.begun(5)
    for (const _ of [1, 2]) expect((await api.patch(id, 0, 5, 'hel')).headers.get('upload-offset')).toBe('3')
    for (const _ of [1, 2]) expect((await api.patch(id, 3, 5, 'lo')).headers.get('upload-offset')).toBe('5')
    expect((await api.patch(id, 0, 5, 'hel')).headers.get('upload-offset')).toBe('5')
  })

  it('that break off leave nothing, so that the widget can send them again', async () => {
    const { api } = await start()
    const id = await api.begun(5)
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    const broken = api.patch(id, 0, 5, readable)
    await writer.write(new TextEncoder().encode('hel'))
    await writer.abort(new Error('gone'))
    expect((await broken).status).toBe(400)
    expect((await api.head(id)).headers.get('upload-offset')).toBe('0')
    expect((await api.patch(id, 0, 5, 'hello')).status).toBe(204)
  })

  it.each<[string, number, string, Record<string, string>, string]>([
    ['another type', 415, 'lo', { 'content-type': 'text/plain' }, 'application/offset+octet-stream'],
    ['no offset', 400, 'lo', { 'upload-offset': 'x' }, 'Upload-Offset'],
    ['a gap before them', 409, 'o', { 'upload-offset': '4' }, 'The upload has 3 bytes'],
    ['an overlap that is none', 409, 'lo', { 'upload-offset': '2' }, 'The upload has 3 bytes'],
    ['another length', 400, 'lo', { 'upload-length': '6' }, 'The length of the upload is 5'],
    ['too many bytes', 413, 'lo!', {}, 'is to have 5 bytes'],
  ])('with %s are %i', async (_, status, body, headers, sentence) => {
    const { api } = await start()
    const id = await api.begun(5)
    await api.patch(id, 0, 5, 'hel')
    const answer = await api.patch(id, 3, 5, body, headers)
    expect([answer.status, answer.headers.get('upload-offset')]).toEqual([
      status,
      status === 409 ? '3' : null,
    ])
    expect(await answer.text()).toContain(sentence)
  })

  it('of no upload are 404, or 400 where none is named', async () => {
    const { api } = await start()
    for (const method of ['PATCH', 'HEAD']) {
      expect((await api.call(method, '?patch=x', { headers: octets })).status).toBe(404)
      expect((await api.call(method, '', { headers: octets })).status).toBe(400)
    }
  })

  it('of a length that is none are 400', async () => {
    const { api } = await start()
    expect((await api.call('POST', '', { headers: { ...form, 'upload-length': '-1' } })).status).toBe(400)
  })
})

const octets = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' }

describe('load', () => {
  it('gives the bytes, with the name of the file, whole and in part', async () => {
    const { api } = await start()
    const id = await (await api.store(image('hello'))).text()
    const answer = await api.load(id)
    expect([answer.status, await answer.text()]).toEqual([200, 'hello'])
    expect(headersOf(answer, 'content-type', 'content-disposition')).toEqual([
      'text/plain',
      expect.stringContaining('filename="a.txt"'),
    ])
    const part = await api.load(id, { range: 'bytes=1-2' })
    expect([part.status, await part.text()]).toEqual([206, 'el'])
    expect((await api.load(id, { 'if-none-match': answer.headers.get('etag') ?? '' })).status).toBe(304)
    expect((await api.load(id, { range: 'bytes=9-' })).status).toBe(416)
  })

  it('lets web pages read the name', async () => {
    const { api } = await start()
    const id = await (await api.store(image('hello'))).text()
    const answer = await api.load(id, { origin: 'https://app.example.com' })
    expect(answer.headers.get('access-control-expose-headers')).toContain('Content-Disposition')
  })

  it('of a file that is still uploading, or is not there, is 404', async () => {
    const { api } = await start()
    expect((await api.load(await api.begun(5))).status).toBe(404)
    expect((await api.load('x')).status).toBe(404)
    expect((await api.call('GET', '')).status).toBe(400)
  })

  it.each(['restore', 'fetch', 'remove'])('is all there is: %s is 501, with a sentence', async (name) => {
    const { api } = await start()
    const answer = await api.call('GET', `?${name}=https://example.com/a.png`)
    expect(answer.status).toBe(501)
    expect(await answer.text()).toMatch(/^[A-Z].{20,}/)
  })
})

describe('revert', () => {
  it('takes a file back, and an upload that is not finished', async () => {
    const { api, fileOf } = await start()
    const stored = await (await api.store(image('hello'))).text()
    const pending = await api.begun(5)
    await api.patch(pending, 0, 5, 'hel')
    for (const id of [stored, pending]) expect((await api.revert(id)).status).toBe(204)
    expect((await api.revert(stored)).status).toBe(404)
    expect((await api.revert(pending)).status).toBe(410)
    expect((await fileOf(pending)).status).toBe('failed')
    await expectInvariants({ swept: true })
  })

  it.each([
    ['', 404],
    ['x', 404],
    ['x'.repeat(300), 413],
  ])('of "%s" is %i', async (id, status) => {
    const { api } = await start()
    expect((await api.revert(id)).status).toBe(status)
  })
})

describe('under a grant', () => {
  it('every request works by its address alone', async () => {
    const { worker, token } = await start()
    const held = await grants(worker, token).hold({ maxFiles: 2 })
    const api = filepond(worker, undefined, `/g/${held.token}`)
    const stored = await (await api.store(image('hello'))).text()
    const id = await api.begun(5)
    expect((await api.patch(id, 0, 5, 'hello')).status).toBe(204)
    expect((await api.head(id)).headers.get('upload-offset')).toBe('5')
    for (const one of [stored, id]) {
      expect(await (await api.load(one)).text()).toBe('hello')
      expect((await api.revert(one)).status).toBe(204)
    }
    expect((await api.store(image('hello'))).status).toBe(201)
  })

  it('files of others are not there', async () => {
    const { worker, token, api } = await start()
    const own = grants(worker, token)
    const others = filepond(worker, undefined, `/g/${(await own.hold()).token}`)
    const mine = filepond(worker, undefined, `/g/${(await own.hold()).token}`)
    const ids = [
      await (await api.store(image('hello'))).text(),
      await (await others.store(image('hello'))).text(),
      await api.begun(5),
    ]
    for (const id of ids) {
      expect((await mine.load(id)).status).toBe(404)
      expect((await mine.head(id)).status).toBe(404)
      expect((await mine.patch(id, 0, 5, 'hello')).status).toBe(404)
      expect((await mine.revert(id)).status).toBe(404)
    }
    expect((await api.load(ids[1] ?? '')).status).toBe(200)
  })
})
