import { describe, expect, inject, it } from 'vitest'
import { blobOf, putAsTold } from '../../support/direct-upload'
import { startOverEndpoint } from '../../support/start-over'
import { bodyOf, rows } from '../../support/worker'

type Told = { url: string; headers: Record<string, string> }
const without = (headers: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name))

async function created(text: string, more = {}, checked?: Parameters<typeof blobOf>[2]) {
  const { api } = await startOverEndpoint()
  const body = await bodyOf(await api.create(await blobOf(text, more, checked)))
  return { api, body, told: body.direct_upload as Told }
}

describe('the store, with what a client is told to send', () => {
  it.each([
    'hello world.txt',
    'grün "quoted" (1) 100%.txt',
    '日本語 🎉.txt',
    'two  spaces   and ; semicolon, comma=.txt',
    "it's+plus&amp.txt",
  ])('takes the promised bytes of %s, and keeps the header values', async (filename) => {
    const { api, body, told } = await created('hello', { filename })
    expect(await putAsTold(told, 'hello')).toBe(200)
    const settled = await bodyOf(await api.get(body.signed_id))
    expect(settled).toEqual({ ...body, direct_upload: null })
    const download = await fetch((await api.download(body.signed_id)).headers.get('location') ?? '')
    expect(await download.text()).toBe('hello')
    expect(download.headers.get('content-disposition')).toBe(told.headers['Content-Disposition'])
  })

  it('takes the promised bytes under a SHA-256, and a blob of no bytes', async () => {
    for (const text of ['hello', '']) {
      const { api, body, told } = await created(text, {}, { algorithm: 'SHA-256' })
      expect(await putAsTold(told, text)).toBe(200)
      expect((await bodyOf(await api.get(body.signed_id))).direct_upload).toBeNull()
    }
  })

  it('refuses a second PUT through the same URL', async () => {
    const { api, body, told } = await created('hello')
    expect(await putAsTold(told, 'hello')).toBe(200)
    expect(await putAsTold(told, 'hello')).toBe(412)
    expect((await bodyOf(await api.get(body.signed_id))).direct_upload).toBeNull()
    expect(await putAsTold(told, 'hello')).toBe(412)
  })

  it('refuses other bytes of the same size, and then takes the right ones', async () => {
    const { api, body, told } = await created('hello')
    expect(await putAsTold(told, 'jello')).toBe(400)
    expect((await bodyOf(await api.get(body.signed_id))).direct_upload).not.toBeNull()
    expect(await putAsTold(told, 'hello')).toBe(200)
  })

  it.each(['hell', 'hello!', ''])('refuses another size: %j', async (bytes) => {
    const { told } = await created('hello')
    expect(await putAsTold(told, bytes)).toBe(403)
  })

  it('refuses a request that leaves out or changes any header it was told to send', async () => {
    const { told } = await created('hello')
    for (const name of Object.keys(told.headers)) {
      const headers = without(told.headers, name)
      expect([name, await putAsTold({ ...told, headers }, 'hello')]).toEqual([name, 403])
      const changed = name === 'Content-MD5' ? 'XrY7u+Ae7tCTyyK7j1rNww==' : 'text/html'
      expect([name, await putAsTold(told, 'hello', { [name]: changed })]).toEqual([name, 403])
    }
  })

  it('refuses to copy another object in', async () => {
    const { told: victim, body } = await created('their bytes')
    expect(await putAsTold(victim, 'their bytes')).toBe(200)
    const { told } = await created('their bytes')
    const source = `${inject('s3').bucket}/${body.key}`
    expect(await putAsTold(told, 'their bytes', { 'x-amz-copy-source': source })).toBe(403)
  })

  it('that does not compare a SHA-256 itself gains nothing for who lies: the bytes are read', async () => {
    const { api, body, told } = await created('hello', {}, { algorithm: 'SHA-256' })
    // This endpoint lets it through; R2 and AWS do not.
    expect(await putAsTold(told, 'jello')).toBe(200)
    expect((await bodyOf(await api.get(body.signed_id))).error_code).toBe('file_refused')
    const [file] = await rows<{ refusal: string }>('SELECT refusal FROM files')
    expect(JSON.parse(file?.refusal ?? '')).toMatchObject({ code: 'checksum_mismatch', algorithm: 'sha256' })
    expect((await fetch(told.url.replace(/\?.*/, ''))).ok).toBe(false)
  })

  it('works with write-once switched off, and takes a second PUT of the same bytes only', async () => {
    const { api } = await startOverEndpoint({ S3_WRITE_ONCE: 'false' })
    const { direct_upload, signed_id } = await bodyOf(await api.create(await blobOf('hello')))
    expect(await putAsTold(direct_upload, 'hello')).toBe(200)
    expect((await bodyOf(await api.get(signed_id))).direct_upload).toBeNull()
    expect(await putAsTold(direct_upload, 'hello')).toBe(200)
    expect(await putAsTold(direct_upload, 'jello')).toBe(400)
    expect((await api.get(signed_id)).status).toBe(200)
  })

  it('takes a fresh URL of a look-up and of a repeated request as well', async () => {
    const { api } = await startOverEndpoint()
    const once = { 'idempotency-key': 'once' }
    const blob = await blobOf('hello')
    const first = await bodyOf(await api.create(blob, once))
    const looked = await bodyOf(await api.get(first.signed_id))
    const repeated = await bodyOf(await api.create(blob, once))
    expect(await putAsTold(repeated.direct_upload, 'hello')).toBe(200)
    for (const told of [first.direct_upload, looked.direct_upload])
      expect(await putAsTold(told, 'hello')).toBe(412)
    expect((await bodyOf(await api.get(first.signed_id))).direct_upload).toBeNull()
  })
})
