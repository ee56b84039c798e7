import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { blobOf, directUpload, keyOfUrl } from '../../support/direct-upload'
import { startOverEndpoint } from '../../support/start-over'
import { bodyOf, rows, startWorker } from '../../support/worker'

async function start(overrides = {}) {
  const worker = startWorker(overrides)
  const token = await worker.organization()
  return { worker, token, api: directUpload(worker, token) }
}

const askedFor = (answer: Response, name: string) =>
  new URL(answer.headers.get('location') ?? '').searchParams.get(name)

describe('GET /api/v1/blobs/{signed_id}/{filename}', () => {
  it('redirects to a fresh presigned GET that only the caller may remember', async () => {
    const { api } = await start()
    const { signed_id, key } = await api.stored('hello', { filename: 'grün.txt' })
    const answer = await api.download(signed_id)
    expect(answer.status).toBe(302)
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(`https://store.example.com/slipway/${key}`)
    expect(location.searchParams.get('X-Amz-Expires')).toBe('3600')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=300')
    expect(answer.headers.get('vary')).toContain('Authorization, X-API-KEY')
    expect(askedFor(answer, 'response-content-type')).toBe('text/plain')
    expect(askedFor(answer, 'response-content-disposition')).toBe(
      `attachment; filename="grun.txt"; filename*=UTF-8''gr%C3%BCn.txt`,
    )
    vi.setSystemTime(Date.now() + 60_000)
    expect((await api.download(signed_id)).headers.get('location')).not.toBe(location.href)
  })

  it('is never remembered for as long as the URL lives', async () => {
    const { api } = await start({ DOWNLOAD_URL_TTL_SECONDS: '10' })
    const { signed_id } = await api.stored('hello')
    expect((await api.download(signed_id)).headers.get('cache-control')).toBe('private, max-age=5')
  })

  it.each([
    ['text/plain', '?disposition=inline', 'inline'],
    ['text/plain', '?disposition=attachment', 'attachment'],
    ['text/plain', '?disposition=', 'attachment'],
    ['image/x-odd', '?disposition=inline', 'inline'],
    ['text/html', '?disposition=inline', 'attachment'],
    ['image/svg+xml', '?disposition=inline', 'attachment'],
    ['application/x-unknown', '?disposition=inline', 'attachment'],
  ])('hands out %s with %s as %s', async (content_type, query, expected) => {
    const { api } = await start()
    const { signed_id } = await api.stored('hello', { content_type })
    const answer = await api.download(signed_id, query)
    expect(answer.status).toBe(302)
    expect(askedFor(answer, 'response-content-disposition')).toMatch(new RegExp(`^${expected}; `))
  })

  it('answers 422 to another disposition', async () => {
    const { api } = await start()
    const { signed_id } = await api.stored('hello')
    const answer = await api.download(signed_id, '?disposition=form-data')
    expect(answer.status).toBe(422)
    expect(await bodyOf(answer)).toEqual({
      detail: [{ loc: ['query', 'disposition'], msg: expect.any(String), type: 'value_error' }],
    })
  })

  it('answers 404 while the bytes are awaited, and settles them when they have come', async () => {
    const { api } = await start()
    const { signed_id, key } = await bodyOf(await api.create(await blobOf('hello')))
    const early = await api.download(signed_id)
    expect([early.status, (await bodyOf(early)).error_code]).toEqual([404, 'file_uploading'])
    await api.put(key, 'hello')
    expect((await api.download(signed_id)).status).toBe(302)
  })

  it('answers 404 to bytes that were not those that were promised', async () => {
    const { api } = await start()
    const { signed_id, key } = await bodyOf(await api.create(await blobOf('hello')))
    await api.put(key, 'jello')
    const answer = await api.download(signed_id)
    expect([answer.status, (await bodyOf(answer)).error_code]).toEqual([404, 'file_refused'])
  })

  it('answers 404 to a changed signed id, whatever the filename', async () => {
    const { api } = await start()
    const { signed_id } = await api.stored('hello')
    expect((await api.download(`${signed_id.slice(0, -1)}!`)).status).toBe(404)
    expect((await api.call('GET', `/api/v1/blobs/${signed_id}/any%2Fthing`)).status).toBe(302)
  })

  it('leads to the bytes', async () => {
    const { api } = await startOverEndpoint()
    const blob = await blobOf('hello')
    const { signed_id, direct_upload } = await bodyOf(await api.create(blob))
    await (
      await fetch(direct_upload.url, { method: 'PUT', headers: direct_upload.headers, body: 'hello' })
    ).text()
    const location = (await api.download(signed_id)).headers.get('location') ?? ''
    expect(await (await fetch(location)).text()).toBe('hello')
  })

  it('answers HEAD itself, since a presigned GET refuses it', async () => {
    const { api } = await start()
    const { signed_id } = await api.stored('hello')
    const answer = await api.call('HEAD', `/api/v1/blobs/${signed_id}/a.txt`)
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '5', ''])
    expect(answer.headers.get('content-type')).toBe('text/plain')
  })

  it('asks the store no more about bytes that no URL can change', async () => {
    const { api } = await start()
    const { signed_id, key } = await api.stored('hello')
    await api.put(key, 'other')
    expect((await api.download(signed_id)).status).toBe(302)

    const again = await start({ S3_WRITE_ONCE: 'false' })
    const created = await bodyOf(await again.api.create(await blobOf('hello')))
    const puts = keyOfUrl(created.direct_upload.url)
    for (const bytes of ['hello', 'other']) {
      await again.api.put(puts, bytes)
      const answer = await again.api.download(created.signed_id)
      expect(answer.status).toBe(302)
      expect(keyOfUrl(answer.headers.get('location') ?? '')).toBe(created.key)
      expect(await (await env.BUCKET.get(created.key))?.text()).toBe('hello')
    }
    expect(await rows("SELECT uuid AS id FROM files WHERE status <> 'ready'")).toEqual([])
  })
})
