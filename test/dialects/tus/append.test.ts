import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver } from '../../support/start-over'
import { filePathOf, headersOf, offsetStream, tus, uploadMetadata } from '../../support/tus'
import { partBytes, uploads } from '../../support/uploads'
import { bodyOf, objectKeys } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  const api = tus(over.worker, over.token)
  const contentOf = async (upload: string) => {
    const path = `${filePathOf(upload)}/content?redirect=false`
    return (await over.worker.call('GET', path, { token: over.token })).arrayBuffer()
  }
  return { ...over, api, contentOf }
}

/** A body of which no client says how long it is. */
const chunked = (...texts: string[]) => {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  const send = async () => {
    for (const text of texts) await writer.write(new TextEncoder().encode(text))
    await writer.close()
  }
  send().catch(() => {})
  return readable
}

const sha1Of = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))).toBase64()

describe('appending bytes', () => {
  it('moves the offset, and ends the upload with the last ones', async () => {
    const { worker, token, api, contentOf } = await start()
    const upload = await api.begun(5)
    const first = await api.patch(upload, 0, 'hel')
    expect([first.status, ...headersOf(first, 'upload-offset', 'x-file-id')]).toEqual([204, '3', null])
    expect(Date.parse(first.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now())
    const last = await api.patch(upload, 3, 'lo')
    expect([last.status, ...headersOf(last, 'upload-offset', 'x-file-id', 'upload-expires')]).toEqual([
      204,
      '5',
      upload.split('/').at(-1),
      null,
    ])
    expect(await bodyOf(await worker.call('GET', filePathOf(upload), { token }))).toMatchObject({
      status: 'ready',
      sizeBytes: 5,
    })
    expect(new TextDecoder().decode(await contentOf(upload))).toBe('hello')
    await expectInvariants({ swept: true })
  })

  it('takes a body of which no client says how long it is, and one that is empty', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    expect((await api.patch(upload, 0, chunked('h', 'el'))).headers.get('upload-offset')).toBe('3')
    expect((await api.patch(upload, 3, '')).headers.get('upload-offset')).toBe('3')
    expect((await api.patch(upload, 3, chunked('lo'))).headers.get('upload-offset')).toBe('5')
    expect((await api.patch(upload, 5, '', { 'content-length': '0' })).status).toBe(204)
  })

  it('in portions of another size than parts keeps every byte', async () => {
    const { api, contentOf, multiparts } = await start()
    const bytes = crypto.getRandomValues(new Uint8Array(65_536))
    const whole = new Uint8Array(2 * partBytes + 17)
    for (let at = 0; at < whole.length; at += bytes.length)
      whole.set(bytes.subarray(0, Math.min(bytes.length, whole.length - at)), at)
    const upload = await api.begun(whole.length)
    const portion = 3 * 1024 ** 2 + 1
    for (let at = 0; at < whole.length; at += portion)
      expect((await api.patch(upload, at, whole.slice(at, at + portion))).status).toBe(204)
    const stored = new Uint8Array(await contentOf(upload))
    expect(stored.length).toBe(whole.length)
    expect(crypto.subtle.timingSafeEqual(stored, whole)).toBe(true)
    expect(multiparts()).toEqual([])
    expect((await objectKeys()).filter((key) => key.includes('/pieces/'))).toEqual([])
  })

  it('tells a length that was deferred once, at the latest with the last bytes', async () => {
    const { api } = await start()
    const upload = await api.begun(null)
    expect(headersOf(await api.head(upload), 'upload-defer-length', 'upload-length')).toEqual(['1', null])
    expect((await api.patch(upload, 0, 'hel')).status).toBe(204)
    expect((await api.patch(upload, 3, '', { 'upload-length': '2' })).status).toBe(400)
    expect((await api.patch(upload, 3, 'l', { 'upload-length': '5' })).status).toBe(204)
    expect(headersOf(await api.head(upload), 'upload-defer-length', 'upload-length')).toEqual([null, '5'])
    expect((await api.patch(upload, 4, 'o', { 'upload-length': '6' })).status).toBe(400)
    const last = await api.patch(upload, 4, 'o', { 'upload-length': '5' })
    expect([last.status, last.headers.get('x-file-id')]).toEqual([204, upload.split('/').at(-1)])
  })

  it('tells a deferred length with a request that brings nothing, once all bytes are there', async () => {
    const { api, contentOf } = await start()
    const upload = await api.begun(null)
    await api.patch(upload, 0, 'hello')
    const last = await api.patch(upload, 5, '', { 'upload-length': '5', 'content-length': '0' })
    expect([last.status, last.headers.get('x-file-id')]).toEqual([204, upload.split('/').at(-1)])
    expect(new TextDecoder().decode(await contentOf(upload))).toBe('hello')
  })

  it.each(['md5', 'sha1', 'sha256'])('is all or nothing under a checksum by %s', async (algorithm) => {
    const { api } = await start()
    const name = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256' }[algorithm] ?? ''
    const bytes = new Uint8Array(await crypto.subtle.digest(name, new TextEncoder().encode('hel')))
    const checksum = { 'upload-checksum': `${algorithm} ${bytes.toBase64()}` }
    const upload = await api.begun(5)
    const wrong = await api.patch(upload, 0, 'jel', checksum)
    expect([wrong.status, await wrong.text()]).toEqual([460, expect.stringContaining('of the body is')])
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('0')
    expect((await api.patch(upload, 0, 'hel', checksum)).headers.get('upload-offset')).toBe('3')
  })
})

const pngText =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

describe('what is wrong with bytes', () => {
  it.each<[string, number, Record<string, string>, string, string]>([
    ['another type', 415, { 'content-type': 'text/plain' }, 'lo', offsetStream],
    ['an encoding', 415, { 'content-encoding': 'br' }, 'lo', 'without Content-Encoding'],
    ['no offset', 400, { 'upload-offset': '' }, 'lo', 'Upload-Offset'],
    ['an offset in words', 400, { 'upload-offset': '0x3' }, 'lo', 'Upload-Offset'],
    ['another offset', 409, { 'upload-offset': '2' }, 'lo', 'The upload has 3 bytes'],
    ['an unknown checksum', 400, { 'upload-checksum': 'crc32 AAAA' }, 'lo', 'sha256, sha1, md5'],
    ['another length', 400, { 'upload-length': '6' }, 'lo', 'The length of the upload is 5'],
    ['too many, as announced', 413, { 'content-length': '3' }, 'lo!', 'is to have 5 bytes'],
    ['too many', 413, {}, 'lo!', 'is to have 5 bytes'],
  ])('%s: %i, and the upload lives on at its offset', async (_, status, headers, body, sentence) => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.patch(upload, 0, 'hel')
    const answer = await api.patch(upload, 3, body, headers)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('upload-offset')).toBe(status === 409 ? '3' : null)
    expect(await answer.text()).toContain(sentence)
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('3')
    expect((await api.patch(upload, 3, 'lo')).status).toBe(204)
  })

  it('an upload that there is not is 404, and one of another organization', async () => {
    const { worker, api } = await start()
    const upload = await api.begun(5)
    const other = tus(worker, await worker.organization('other'))
    expect((await other.patch(upload, 0, 'hello')).status).toBe(404)
    for (const id of ['x', `file_${'0'.repeat(32)}`])
      expect((await api.patch(`/tus/${id}`, 0, 'hello')).status).toBe(404)
  })

  it('a finished upload is 409 with its offset, or 413', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.patch(upload, 0, 'hello')
    const late = await api.patch(upload, 0, 'hello')
    expect([late.status, late.headers.get('upload-offset')]).toEqual([409, '5'])
    expect((await api.patch(upload, 5, '!')).status).toBe(413)
  })

  it('an upload whose bytes come another way is 403', async () => {
    const { worker, token, api } = await start()
    const { id } = await uploads(worker, token).inParts()
    expect((await api.patch(`/tus/${id}`, 0, 'hello')).status).toBe(403)
    expect((await api.head(`/tus/${id}`)).status).toBe(403)
    expect((await api.end(`/tus/${id}`)).status).toBe(403)
  })

  it('bytes of another type than was said end the upload: 415, and 410 from then on', async () => {
    const { worker, token, api } = await start()
    const png = Uint8Array.fromBase64(pngText)
    const metadata = uploadMetadata({ filetype: 'application/pdf' })
    const upload = await api.begun(png.length, { 'upload-metadata': metadata })
    expect((await api.patch(upload, 0, png)).status).toBe(415)
    expect((await api.head(upload)).status).toBe(410)
    expect((await api.patch(upload, png.length, '')).status).toBe(410)
    expect((await bodyOf(await worker.call('GET', filePathOf(upload), { token }))).status).toBe('error')
  })

  it('bytes over the quota are 413', async () => {
    const { worker } = await start()
    const token = await worker.organization('small', undefined, 4)
    const api = tus(worker, token)
    const upload = await api.begun(null)
    expect((await api.patch(upload, 0, 'hello')).status).toBe(413)
  })

  it('an upload that has expired is 410', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    vi.setSystemTime(Date.now() + 8 * 86_400_000)
    expect((await api.patch(upload, 0, 'hello')).status).toBe(410)
    expect((await api.head(upload)).status).toBe(410)
  })

  it('a request that comes while another appends is 423, with a time to wait', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    const slow = api.patch(upload, 0, readable)
    // Resolves when the Worker reads it: then it has the upload.
    await writer.write(new TextEncoder().encode('hel'))
    const second = await api.patch(upload, 0, 'hello')
    expect(second.status).toBe(423)
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
    await writer.write(new TextEncoder().encode('lo'))
    await writer.close()
    expect((await slow).status).toBe(204)
  })

  it('a checksum of an empty body is compared as well', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    const checksum = { 'upload-checksum': `sha1 ${await sha1Of('')}` }
    expect((await api.patch(upload, 0, '', checksum)).status).toBe(204)
    expect((await api.patch(upload, 0, '', { 'upload-checksum': `sha1 ${await sha1Of('x')}` })).status).toBe(
      460,
    )
  })
})

describe('asking for the offset', () => {
  it('tells what was said of the upload, and is not to be kept', async () => {
    const { api } = await start()
    const metadata = uploadMetadata({ filename: 'a.txt', filetype: 'text/plain' })
    const upload = await api.begun(5, { 'upload-metadata': metadata })
    const answer = await api.head(upload)
    expect(answer.status).toBe(200)
    expect(
      headersOf(answer, 'upload-offset', 'upload-length', 'upload-metadata', 'cache-control', 'x-file-id'),
    ).toEqual(['0', '5', metadata, 'no-store', null])
    expect(answer.headers.has('upload-expires')).toBe(true)
    await api.patch(upload, 0, 'hello')
    const done = await api.head(upload)
    expect(headersOf(done, 'upload-offset', 'upload-metadata', 'upload-expires', 'x-file-id')).toEqual([
      '5',
      metadata,
      null,
      upload.split('/').at(-1),
    ])
  })

  it('of a file that came another way tells that it is there', async () => {
    const { worker, token, api } = await start()
    const made = await worker.call('POST', '/api/v3/organizations/acme/ai/files', {
      token,
      json: { content: btoa('hello'), contentType: 'text/plain' },
    })
    const { fileId } = await bodyOf(made)
    const answer = await api.head(`/tus/${fileId}`)
    expect(headersOf(answer, 'upload-offset', 'upload-length', 'upload-metadata')).toEqual(['5', '5', null])
  })
})

describe('ending an upload', () => {
  it('frees what it reserved; it is 410 from then on', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.patch(upload, 0, 'hel')
    expect((await api.end(upload)).status).toBe(204)
    for (const answer of [await api.head(upload), await api.patch(upload, 3, 'lo'), await api.end(upload)])
      expect(answer.status).toBe(410)
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('that is finished deletes its file', async () => {
    const { worker, token, api } = await start()
    const upload = await api.begun(5)
    await api.patch(upload, 0, 'hello')
    expect((await api.end(upload)).status).toBe(204)
    expect((await worker.call('GET', filePathOf(upload), { token })).status).toBe(404)
    expect((await api.head(upload)).status).toBe(404)
    expect((await env.BUCKET.list()).objects).toEqual([])
    await expectInvariants({ swept: true })
  })
})
