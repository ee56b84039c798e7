import { describe, expect, it } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver } from '../../support/start-over'
import {
  filePathOf,
  headersOf,
  locationOf,
  offsetStream,
  tus,
  tusPath,
  uploadMetadata,
} from '../../support/tus'
import { bodyOf, rows } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, api: tus(over.worker, over.token) }
}

const length = { 'upload-length': '5' }
const sha256Of = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toBase64()

describe('creating an upload', () => {
  it('says where it is, absolutely, and until when it waits', async () => {
    const { api } = await start()
    const answer = await api.create(length)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toMatch(
      /^https:\/\/gateway\.example\.com\/tus\/file_[0-9a-f]{32}$/,
    )
    const expires = answer.headers.get('upload-expires') ?? ''
    expect(new Date(expires).toUTCString()).toBe(expires)
    expect(Date.parse(expires) - Date.now()).toBeGreaterThan(6.9 * 86_400_000)
    expect(headersOf(answer, 'upload-offset', 'x-file-id')).toEqual([null, null])
  })

  it('uses the address that the operator configured', async () => {
    const { token, start: another } = await start()
    const api = tus(another({ GATEWAY_URL: 'https://uploads.example.org' }), token)
    const answer = await api.create(length)
    expect(answer.headers.get('location')).toMatch(/^https:\/\/uploads\.example\.org\/tus\/file_/)
  })

  it('is complete at once with no bytes to come', async () => {
    const { worker, token, api } = await start()
    const answer = await api.create({ 'upload-length': '0' })
    const upload = locationOf(answer)
    expect(headersOf(answer, 'x-file-id', 'upload-expires')).toEqual([upload.split('/').at(-1), null])
    expect(await bodyOf(await worker.call('GET', filePathOf(upload), { token }))).toMatchObject({
      status: 'ready',
      sizeBytes: 0,
    })
    await expectInvariants({ swept: true })
  })

  it('takes the first bytes, or all of them', async () => {
    const { worker, token, api } = await start()
    const first = await api.create(length, 'hel')
    expect([first.status, ...headersOf(first, 'upload-offset', 'x-file-id')]).toEqual([201, '3', null])
    expect((await api.patch(locationOf(first), 3, 'lo')).status).toBe(204)
    const all = await api.create(length, 'hello')
    const upload = locationOf(all)
    expect(headersOf(all, 'upload-offset', 'x-file-id', 'upload-expires')).toEqual([
      '5',
      upload.split('/').at(-1),
      null,
    ])
    const content = await worker.call('GET', `${filePathOf(upload)}/content?redirect=false`, { token })
    expect(await content.text()).toBe('hello')
    await expectInvariants({ swept: true })
  })

  it('takes the bytes whole or not at all under a checksum', async () => {
    const { api } = await start()
    const checksum = `sha256 ${await sha256Of('hello')}`
    expect((await api.create({ ...length, 'upload-checksum': checksum }, 'hello')).status).toBe(201)
    expect((await api.create({ ...length, 'upload-checksum': checksum }, 'jello')).status).toBe(460)
  })

  it('passes over an empty body of any type', async () => {
    const { api } = await start()
    const answer = await api.call('POST', tusPath, {
      headers: { ...length, 'content-type': 'text/plain', 'content-length': '0' },
      body: '',
    })
    expect(answer.status).toBe(201)
  })

  it('can be repeated under an Idempotency-Key', async () => {
    const { api } = await start()
    const once = { ...length, 'idempotency-key': 'once' }
    const first = await api.create(once)
    await api.patch(locationOf(first), 0, 'hel')
    const again = await api.create(once)
    expect([again.status, ...headersOf(again, 'location', 'idempotent-replayed')]).toEqual([
      201,
      first.headers.get('location'),
      'true',
    ])
    expect((await api.create({ ...once, 'upload-length': '6' })).status).toBe(400)
  })
})

describe('what is wrong with a creation', () => {
  it.each<[string, number, Record<string, string>, string | undefined, string]>([
    ['no length', 400, {}, undefined, 'Upload-Length is required, or Upload-Defer-Length: 1'],
    [
      'a length that is none',
      400,
      { 'upload-length': '-1' },
      undefined,
      'Upload-Length must be a whole number',
    ],
    ['a length in words', 400, { 'upload-length': '1e3' }, undefined, 'Upload-Length must be a whole number'],
    ['two lengths', 400, { ...length, 'upload-defer-length': '1' }, undefined, 'must not be sent with'],
    [
      'a deferred length of 0',
      400,
      { 'upload-defer-length': '0' },
      undefined,
      'Upload-Defer-Length must be 1',
    ],
    ['more than an upload may have', 413, { 'upload-length': '167772160001' }, undefined, 'are more than'],
    ['a piece of a file', 400, { ...length, 'upload-concat': 'partial' }, undefined, 'parallel uploads off'],
    ['a body of another type', 415, { ...length, 'content-type': 'text/plain' }, 'hello', offsetStream],
    ['an encoded body', 415, { ...length, 'content-encoding': 'gzip' }, 'hello', 'without Content-Encoding'],
    ['more bytes than the length', 413, length, 'hello!', 'is to have 5 bytes'],
    [
      'an unknown checksum',
      400,
      { ...length, 'upload-checksum': 'crc32 AAAA' },
      'hello',
      'sha256, sha1, md5',
    ],
    [
      'a checksum of the wrong length',
      400,
      { ...length, 'upload-checksum': 'md5 AAAA' },
      'hello',
      '16 bytes',
    ],
    ['a checksum that is no base64', 400, { ...length, 'upload-checksum': 'md5 ?' }, 'hello', '16 bytes'],
  ])('%s: %i', async (_, status, headers, body, sentence) => {
    const { api } = await start()
    const answer = await api.create(headers, body)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(sentence)
  })

  it('over the quota is 413', async () => {
    const { worker } = await start()
    const token = await worker.organization('small', undefined, 4)
    expect((await tus(worker, token).create(length)).status).toBe(413)
  })

  it('more pending uploads than allowed is 429, with a time to wait', async () => {
    const { token, start: another } = await start()
    const api = tus(another({ PENDING_UPLOADS_MAX: '1' }), token)
    await api.begun(5)
    const answer = await api.create(length)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60'])
  })

  it('leaves nothing behind', async () => {
    const { api } = await start()
    for (const headers of [
      {},
      { ...length, 'upload-metadata': 'a ?' },
      { ...length, 'upload-concat': 'final' },
    ])
      expect((await api.create(headers)).status).toBe(400)
    expect(await rows('SELECT * FROM files')).toEqual([])
  })
})

describe('Upload-Metadata', () => {
  const created = async (text: string) => {
    const { api, worker, token } = await start()
    const upload = await api.begun(0, { 'upload-metadata': text })
    const { filename, contentType } = await bodyOf(await worker.call('GET', filePathOf(upload), { token }))
    const [row] = await rows<{ metadata: string }>('SELECT metadata FROM files')
    const { artifactType: _, ...metadata } = JSON.parse(row?.metadata ?? '{}')
    const told = (await api.head(upload)).headers.get('upload-metadata')
    return { filename, contentType, metadata, told }
  }

  it.each<[string, Record<string, string>, string, string, Record<string, string>]>([
    ['filename', { filename: 'a.txt' }, 'a.txt', 'application/octet-stream', {}],
    ['name', { name: 'b.txt' }, 'b.txt', 'application/octet-stream', {}],
    [
      'both names',
      { name: 'b.txt', filename: 'a.txt' },
      'a.txt',
      'application/octet-stream',
      { name: 'b.txt' },
    ],
    ['one name twice', { name: 'a.txt', filename: 'a.txt' }, 'a.txt', 'application/octet-stream', {}],
    ['filetype', { filename: 'a', filetype: 'text/plain' }, 'a', 'text/plain', {}],
    ['contentType', { filename: 'a', contentType: 'text/css' }, 'a', 'text/css', {}],
    ['type', { filename: 'a', type: 'text/csv' }, 'a', 'text/csv', {}],
    [
      'a type that is none',
      { filename: 'a', type: 'invoice' },
      'a',
      'application/octet-stream',
      { type: 'invoice' },
    ],
    ['an empty type', { filename: 'a', filetype: '' }, 'a', 'application/octet-stream', {}],
    [
      'the rest',
      { filename: 'ä/b', ticket: '4711', flag: '', __proto__x: 'y' },
      'ä-b',
      'application/octet-stream',
      {
        ticket: '4711',
        flag: '',
        __proto__x: 'y',
      },
    ],
  ])('%s', async (_, pairs, filename, contentType, metadata) => {
    const text = uploadMetadata(pairs)
    expect(await created(text)).toEqual({ filename, contentType, metadata, told: text })
  })

  it.each([
    ['a key alone', 'filename YQ==,is_private', { is_private: '' }],
    ['space around the comma', 'filename YQ== , a YQ==', { a: 'a' }],
  ])('with %s is told letter for letter', async (_, text, metadata) => {
    expect(await created(text)).toMatchObject({ filename: 'a', metadata, told: text })
  })

  it('without a name leaves the file named after its id', async () => {
    expect((await created('filetype dGV4dC9wbGFpbg==')).filename).toMatch(/^[0-9a-f-]{36}\.txt$/)
  })

  it.each([
    ['is no base64', 'a ?', 'for the key a'],
    ['is not padded', 'a YQ', 'for the key a'],
    ['has spare bits', 'a YR==', 'for the key a'],
    ['is no UTF-8', 'a /w==', 'text in UTF-8'],
    ['has a key twice', 'a YQ==,a YQ==', 'the key a twice'],
    ['has two values', 'a YQ== YQ==', 'pairs of a key'],
    ['has an empty key', 'a YQ==,,b YQ==', 'pairs of a key'],
    ['has a type that is none', 'filetype aW52b2ljZQ==', 'must be a media type'],
    ['is long', `a ${'A'.repeat(16 * 1024)}`, '16384 characters'],
    ['says more than a file is told with', `a ${'A'.repeat(11_000)}`, '8192 bytes as JSON'],
  ])('that %s is 400', async (_, text, sentence) => {
    const { api } = await start()
    const answer = await api.create({ ...length, 'upload-metadata': text })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(sentence)
  })
})
