import { describe, expect, it } from 'vitest'
import { grants } from '../../support/grants'
import { expectInvariants } from '../../support/invariants'
import { digestField, resumable, resumablePath } from '../../support/resumable'
import { r2, startOver } from '../../support/start-over'
import { headersOf, locationOf } from '../../support/tus'
import { bodyOf, startWorker } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, api: resumable(over.worker, over.token) }
}

const text = { 'content-type': 'text/plain', 'content-length': '5' }
const limit = /^max-size=167772160000, max-append-size=99614720, max-age=\d+$/

describe('OPTIONS', () => {
  it.each([
    [resumablePath, 'POST, OPTIONS'],
    [`${resumablePath}/file_1`, 'GET, HEAD, PATCH, DELETE, OPTIONS'],
  ])('of %s says the limits, without a credential', async (path, allow) => {
    const answer = await startWorker().call('OPTIONS', path)
    expect([answer.status, ...headersOf(answer, 'upload-limit', 'allow')]).toEqual([
      204,
      'max-size=167772160000, max-append-size=99614720, max-age=604800',
      allow,
    ])
  })

  it.each([
    ['1000000', '1000000'],
    ['20000000', '15728640'],
  ])('says what fits into a request of %s bytes', async (bytes, appendBytes) => {
    const answer = await startWorker({ REQUEST_MAX_BYTES: bytes }).call('OPTIONS', resumablePath)
    expect(answer.headers.get('upload-limit')).toContain(`max-append-size=${appendBytes},`)
  })
})

describe('an upload all at once', () => {
  it.each<[string, Record<string, string>]>([
    ['with Upload-Complete: ?1', { 'upload-complete': '?1' }],
    ['with parameters, which say nothing', { 'upload-complete': '?1;a=1' }],
    ['with its length', { 'upload-complete': '?1', 'upload-length': '5' }],
    ['without the header', {}],
    ['with a header that is no Boolean', { 'upload-complete': 'true', 'upload-length': '7' }],
    ['with a length that is none', { 'upload-complete': '?1', 'upload-length': '5.0' }],
  ])('%s is answered with the file', async (_, headers) => {
    const { worker, token, api } = await start()
    const answer = await api.create({ ...text, ...headers }, 'hello')
    expect([answer.status, ...headersOf(answer, 'upload-complete', 'upload-offset')]).toEqual([
      201,
      '?1',
      '5',
    ])
    const file = await bodyOf(answer)
    expect(file).toMatchObject({ status: 'ready', sizeBytes: 5, contentType: 'text/plain' })
    expect(locationOf(answer)).toBe(`${resumablePath}/${file.id}`)
    const content = await worker.call('GET', `/v1/files/${file.id}/content?redirect=false`, { token })
    expect(await content.text()).toBe('hello')
    await expectInvariants({ swept: true })
  })

  it('may be of a length that no client has said, and of no bytes', async () => {
    const { api } = await start()
    const stream = new IdentityTransformStream()
    const writer = stream.writable.getWriter()
    const answered = api.create({ 'upload-complete': '?1' }, stream.readable)
    await writer.write(new TextEncoder().encode('hello'))
    await writer.close()
    expect(await bodyOf(await answered)).toMatchObject({ sizeBytes: 5, status: 'ready' })
    const empty = await api.create({ 'upload-complete': '?1', 'content-length': '0' }, '')
    expect(await bodyOf(empty)).toMatchObject({ sizeBytes: 0, status: 'ready' })
  })

  it.each([
    ['inline; filename="a b.txt"', 'a b.txt'],
    ['inline; filename="a.txt"; filename*=UTF-8\'\'%C3%A4%2Fb.txt', 'ä-b.txt'],
    ['attachment; filename=c.txt', 'c.txt'],
  ])('has the name of Content-Disposition: %s', async (disposition, filename) => {
    const { api } = await start()
    const answer = await api.create({ ...text, 'content-disposition': disposition }, 'hello')
    expect(await bodyOf(answer)).toMatchObject({ filename })
  })

  it.each([
    [{}, 'application/octet-stream'],
    [{ 'content-disposition': 'inline; filename=a.css' }, 'text/css'],
    [{ 'content-type': 'application/partial-upload' }, 'application/octet-stream'],
  ])('of no known type has the one of its name: %o', async (headers: Record<string, string>, contentType) => {
    const { api } = await start()
    const bytes = new Blob(['hello'])
    const answer = await api.create({ ...headers }, bytes)
    expect(await bodyOf(answer)).toMatchObject({ contentType })
  })

  it('is compared with Repr-Digest at its end, and then it is over', async () => {
    const { api } = await start()
    const right = { ...text, 'repr-digest': await digestField('hello') }
    expect((await api.create(right, 'hello')).status).toBe(201)
    const wrong = await api.create({ ...text, 'repr-digest': await digestField('other') }, 'hello')
    expect([wrong.status, wrong.headers.get('upload-complete')]).toEqual([422, '?1'])
  })

  it('is compared with Content-Digest before it is kept', async () => {
    const { api } = await start()
    const right = { ...text, 'content-digest': `md5=:AAAA:, ${await digestField('hello')}` }
    expect((await api.create(right, 'hello')).status).toBe(201)
    const wrong = await api.create({ ...text, 'content-digest': await digestField('other') }, 'hello')
    expect([wrong.status, wrong.headers.get('upload-complete')]).toEqual([400, '?0'])
    expect((await bodyOf(wrong)).detail).toMatch(/^Content-Digest the SHA-256 of the body is/)
  })

  it.each([
    ['repr-digest', 'sha-256=:AAAA:'],
    ['repr-digest', 'sha-256=nonsense'],
    ['content-digest', 'sha-256=:?:'],
  ])('with a %s of %s is 400: the client wants it compared', async (name, value) => {
    const { api } = await start()
    expect((await api.create({ ...text, [name]: value }, 'hello')).status).toBe(400)
  })

  it.each([
    ['sha-256=1', true],
    ['sha-512=3, sha-256=10', true],
    ['sha-256=0', false],
    ['sha-512=5', false],
    ['sha-256', false],
    ['?', false],
  ])('tells its digest to Want-Repr-Digest: %s: %s', async (wanted, isTold) => {
    const { api } = await start()
    const answer = await api.create({ ...text, 'want-repr-digest': wanted }, 'hello')
    expect(answer.headers.get('repr-digest')).toBe(isTold ? await digestField('hello') : null)
  })
})

describe('an upload in portions', () => {
  it.each(['', 'hel'])('is begun with "%s"', async (first) => {
    const { api } = await start()
    const headers = { 'upload-complete': '?0', 'upload-length': '5', 'content-length': String(first.length) }
    const answer = await api.create(headers, first)
    expect([answer.status, ...headersOf(answer, 'upload-complete', 'upload-offset')]).toEqual([
      201,
      '?0',
      String(first.length),
    ])
    expect(answer.headers.get('location')).toMatch(
      /^https:\/\/gateway\.example\.com\/v1\/resumable\/file_[0-9a-f]{32}$/,
    )
    expect(answer.headers.get('upload-limit')).toMatch(limit)
    expect(await answer.text()).toBe('')
  })

  it('can be repeated under an Idempotency-Key', async () => {
    const { api } = await start()
    const once = { 'upload-complete': '?0', 'upload-length': '5', 'idempotency-key': 'once' }
    const first = await api.create(once)
    const again = await api.create(once)
    expect(headersOf(again, 'location', 'idempotent-replayed')).toEqual([
      first.headers.get('location'),
      'true',
    ])
  })

  it('under a grant is at the grant’s own address', async () => {
    const { worker, token } = await start()
    const held = await grants(worker, token).hold()
    const api = resumable(worker, undefined, `/g/${held.token}`)
    const upload = await api.begun(5)
    expect(upload).toMatch(new RegExp(`^/g/${held.token}/v1/resumable/file_`))
    expect((await api.append(upload, 0, '?1', 'hello')).status).toBe(201)
    expect((await api.create({ 'upload-complete': '?1' }, 'hello')).status).toBe(403)
  })
})

describe('what is wrong with a creation', () => {
  const inconsistent = 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length'
  it.each<[string, number, Record<string, string>, string, string]>([
    ['two lengths', 400, { 'upload-complete': '?1', 'upload-length': '6' }, 'hello', inconsistent],
    [
      'more bytes than the length',
      400,
      { 'upload-complete': '?0', 'upload-length': '4' },
      'hello',
      inconsistent,
    ],
    [
      'more than an upload may have',
      413,
      { 'upload-complete': '?0', 'upload-length': '167772160001' },
      '',
      '',
    ],
    ['an encoded body', 415, { 'content-encoding': 'gzip' }, 'hello', ''],
    ['a type that is none', 400, { 'content-type': 'text' }, 'hello', ''],
  ])('%s: %i', async (_, status, headers, body, type) => {
    const { api } = await start()
    const answer = await api.create({ ...text, 'content-length': String(body.length), ...headers }, body)
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([status, '?0'])
    expect((await bodyOf(answer)).type).toBe(type || 'about:blank')
    expect(answer.headers.has('upload-limit')).toBe(status !== 415)
  })

  it('over the quota is 402', async () => {
    const { worker } = await start()
    const api = resumable(worker, await worker.organization('small', undefined, 4))
    expect((await api.create(text, 'hello')).status).toBe(402)
  })
})
