import { env } from 'cloudflare:workers'
import { describe, expect, inject, it, vi } from 'vitest'
import { cuadra, textFile } from '../../support/cuadra'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { captureLogs } from '../../support/logs'
import { r2, startOver, startOverEndpoint } from '../../support/start-over'
import { put } from '../../support/uploads'
import { type Bindings, bodyOf, startWorker } from '../../support/worker'

async function start(overrides: Bindings = {}) {
  const worker = startWorker(overrides)
  const token = await worker.organization()
  const api = cuadra(worker, token)
  return { worker, token, api, id: await api.stored('hello') }
}

const linkIn = async (answer: Response) => {
  expect(answer.status).toBe(201)
  const { url, expiresAt } = await bodyOf(answer)
  const { searchParams } = new URL(url)
  return {
    url,
    lifetime: Number(searchParams.get('X-Amz-Expires')),
    remains: (Date.parse(expiresAt) - Date.now()) / 1000,
    disposition: searchParams.get('response-content-disposition'),
  }
}

describe('POST /v1/files/{id}/links', () => {
  it('answers a presigned GET with its end, of which nothing is kept or logged', async () => {
    const { api, id } = await start()
    vi.setSystemTime(Date.now())
    const logs = captureLogs()
    const answer = await api.link(id, { expiresIn: 86_400 })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    const link = await linkIn(answer)
    expect(link).toMatchObject({ lifetime: 86_400, remains: 86_400 })
    expect(link.disposition).toMatch(/^attachment; filename="a\.txt"/)
    expect(JSON.stringify(logs.events())).not.toContain('X-Amz-Signature')
  })

  it.each([undefined, {}, { expiresIn: null, disposition: null }])(
    'lasts as long as downloads are configured to, with %j',
    async (json) => {
      const { api, id } = await start({ DOWNLOAD_URL_TTL_SECONDS: '77' })
      vi.setSystemTime(Date.now())
      const answer = await api.call('POST', `/${id}/links`, json === undefined ? {} : { json })
      const link = await linkIn(answer)
      expect([link.lifetime, link.remains]).toEqual([77, 77])
      expect(link.disposition).toMatch(/^attachment; /)
    },
  )

  it.each([1, 604_800])('lasts %i seconds', async (expiresIn) => {
    const { api, id } = await start()
    expect((await linkIn(await api.link(id, { expiresIn }))).lifetime).toBe(expiresIn)
  })

  it.each([
    [{ expiresIn: 0 }, 'expiresIn', 'must be 1 or more, not 0'],
    [{ expiresIn: 604_801 }, 'expiresIn', 'must be at most 604800, not 604801'],
    [{ expiresIn: 1.5 }, 'expiresIn', 'must be a whole number of seconds, not 1.5'],
    [{ expiresIn: '60' }, 'expiresIn', 'must be a whole number of seconds, not "60"'],
    [{ disposition: 'form-data' }, 'disposition', 'must be attachment or inline, not "form-data"'],
    [{ expires_in: 60 }, 'expires_in', 'is not a field of this request'],
  ])('refuses %j by name: 400', async (json, field, message) => {
    const { api, id } = await start()
    const answer = await api.link(id, json)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toEqual([{ field, message }])
  })

  it.each([
    ['application/pdf', 'a.pdf', '%PDF-1.7\n', 'inline'],
    ['text/plain', 'a.txt', 'hello', 'inline'],
    ['text/markdown', 'a.md', 'hello', 'attachment'],
    ['application/json', 'a.json', '{}', 'attachment'],
  ])('shows %s (%s) in a browser only if it runs nothing', async (type, filename, content, expected) => {
    const { api } = await start()
    const { id } = await bodyOf(await api.upload([textFile(content, filename, type)]))
    const { disposition } = await linkIn(await api.link(id, { disposition: 'inline' }))
    expect(disposition).toMatch(new RegExp(`^${expected}; `))
  })

  it('settles a file whose bytes have come, and is 404 before', async () => {
    const { api: uploads, worker, token } = await startOver(r2)
    const api = cuadra(worker, token)
    const upload = await uploads.inOne('hello')
    const early = await api.link(upload.id)
    expect([early.status, (await bodyOf(early)).detail]).toEqual([404, 'The file is still uploading'])
    await put(upload, 'hello')
    await linkIn(await api.link(upload.id))
  })

  it('costs one round trip to the database with a verified key', async () => {
    const { api, id, token } = await start()
    const calls = recordCalls()
    const counted = cuadra(startWorker({ DB: interceptDatabase(env.DB, calls) }), token)
    await counted.get(id)
    calls.names.length = 0
    await linkIn(await counted.link(id))
    expect(calls.names).toHaveLength(1)
    await api.delete(id)
    expect((await counted.link(id)).status).toBe(404)
  })

  it('reads the bytes from a store that checks signatures', async () => {
    const { worker, token } = await startOverEndpoint({ S3_ENDPOINT: inject('s3').endpoint })
    const api = cuadra(worker, token)
    const { url } = await linkIn(await api.link(await api.stored('hello'), { expiresIn: 60 }))
    expect(await (await fetch(url)).text()).toBe('hello')
    expect((await fetch(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61'))).status).toBe(403)
  })
})
