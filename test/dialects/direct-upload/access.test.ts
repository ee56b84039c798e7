import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { blobOf, blobsPath, directPath, directUpload } from '../../support/direct-upload'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const paths = [directPath, `${directPath}/x`, `${blobsPath}/x/y`]

describe('credentials in the Direct Upload dialect', () => {
  it('are asked for, in its own shape', async () => {
    for (const path of paths) {
      const answer = await startWorker().call(path === directPath ? 'POST' : 'GET', path)
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
      expect(await bodyOf(answer)).toEqual({
        detail: expect.any(String),
        error: 'Unauthorized',
        error_code: 'unauthenticated',
      })
    }
  })

  it('are a bearer token or X-API-KEY', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const json = { blob: await blobOf('hello') }
    for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }])
      expect((await worker.call('POST', directPath, { json, headers })).status).toBe(200)
    for (const key of ['', 'nonsense', `${token}0`]) {
      const answer = await worker.call('POST', directPath, { json, headers: { 'x-api-key': key } })
      expect(answer.status).toBe(401)
    }
    const both = { authorization: 'Bearer nonsense', 'x-api-key': token }
    expect((await worker.call('POST', directPath, { json, headers: both })).status).toBe(401)
  })

  it('may do no more than their scopes say, and the root key nothing', async () => {
    const worker = startWorker()
    const writer = directUpload(worker, await worker.organization('acme', ['files:write']))
    const reader = directUpload(worker, await worker.organization('acme', ['files:read']))
    const { signed_id } = await bodyOf(await writer.create(await blobOf('hello')))
    const refused = [
      await reader.create(await blobOf('hello')),
      await writer.get(signed_id),
      await writer.download(signed_id),
      await directUpload(worker, rootKey).create(await blobOf('hello')),
    ]
    for (const answer of refused) {
      expect(answer.status).toBe(403)
      expect(await bodyOf(answer)).toEqual({
        detail: expect.any(String),
        error: 'Forbidden',
        error_code: expect.stringMatching(/^(missing_scope|wrong_organization)$/),
      })
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('are limited in their rate', async () => {
    const worker = startWorker({ RATE_LIMITER: { limit: async ({ key }) => ({ success: key === 'root' }) } })
    const api = directUpload(worker, await worker.organization())
    const answer = await api.create(await blobOf('hello'))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await bodyOf(answer)).toMatchObject({ error_code: 'rate_limited' })
  })
})

describe('a browser of another origin', () => {
  it('may ask with the headers of the Rails client, without credentials', async () => {
    const asked = 'authorization,content-type,x-api-key,x-csrf-token,x-requested-with'
    for (const path of paths) {
      const answer = await startWorker().call('OPTIONS', path, {
        headers: {
          origin: 'https://app.example.com',
          'access-control-request-method': 'POST',
          'access-control-request-headers': asked,
        },
      })
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
      expect(answer.headers.get('access-control-allow-headers')).toBe(asked)
      expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    }
  })

  it('may read refusals too', async () => {
    const headers = { origin: 'https://app.example.com' }
    const answer = await startWorker().call('POST', directPath, { headers })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  })
})

describe('failures that are not the caller’s', () => {
  it('are 502 when the database or the store does not answer, and say nothing of it', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const { signed_id } = await bodyOf(await directUpload(worker, token).create(await blobOf('hello')))
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = recordCalls(() => 'before')
    const noDatabase = directUpload(startWorker({ DB: interceptDatabase(env.DB, broken) }), token)
    const noStore = directUpload(startWorker({ BUCKET: interceptBucket(env.BUCKET, broken) }), token)
    for (const answer of [
      await noDatabase.create(await blobOf('hello')),
      await noDatabase.get(signed_id),
      await noStore.get(signed_id),
      await noStore.download(signed_id),
    ]) {
      expect(answer.status).toBe(502)
      const text = await answer.text()
      expect(JSON.parse(text)).toEqual({
        detail: expect.any(String),
        error: 'Bad Gateway',
        error_code: expect.stringMatching(/^(store|database)_failed$/),
      })
      expect(text).not.toContain('injected')
    }
  })

  it('never put a signed id or a presigned URL into the log', async () => {
    const lines: string[] = []
    for (const method of ['log', 'error'] as const)
      vi.spyOn(console, method).mockImplementation((line) => void lines.push(line))
    const worker = startWorker()
    const api = directUpload(worker, await worker.organization())
    const { signed_id } = await api.stored('hello')
    await api.download(signed_id)
    await api.get(`${signed_id}x`)
    expect(lines.length).toBeGreaterThan(3)
    for (const secret of [signed_id, 'X-Amz-', 'hello world']) expect(lines.join('\n')).not.toContain(secret)
  })
})

describe('Idempotency-Key in the Direct Upload dialect', () => {
  const once = { 'idempotency-key': 'once' }

  it('gives the same blob with the same headers and seal under a new signature', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const api = directUpload(worker, token)
    const blob = await blobOf('hello', { metadata: { a: 1 } }, { algorithm: 'SHA-256', prefix: 'sha256:' })
    const first = await bodyOf(await api.create(blob, once))
    vi.setSystemTime(Date.now() + 60_000)
    // What was sealed stays sealed, whatever the operator decides since.
    const since = startWorker({ S3_WRITE_ONCE: 'false' })
    const answer = await since.call('POST', directPath, {
      json: { blob },
      headers: { ...once, 'x-api-key': token },
    })
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
    const again = await bodyOf(answer)
    const { url, headers } = first.direct_upload
    expect(again).toEqual({ ...first, direct_upload: { url: expect.any(String), headers } })
    const signed = (text: string) => new URL(text).searchParams.get('X-Amz-SignedHeaders')
    expect(signed(again.direct_upload.url)).toBe(signed(url))
    expect(again.direct_upload.url).not.toBe(url)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('answers 422 to another checksum, size or name under the same key', async () => {
    const worker = startWorker()
    const api = directUpload(worker, await worker.organization())
    await api.create(await blobOf('hello'), once)
    for (const blob of [
      await blobOf('jello'),
      await blobOf('hello', { byte_size: 6 }),
      await blobOf('hello', { filename: 'b.txt' }),
      await blobOf('hello', {}, { algorithm: 'SHA-256' }),
    ]) {
      const answer = await api.create(blob, once)
      expect([answer.status, (await bodyOf(answer)).error_code]).toEqual([422, 'idempotency_key_reused'])
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('answers 422 to a key that is none, naming the header', async () => {
    const worker = startWorker()
    const api = directUpload(worker, await worker.organization())
    const answer = await api.create(await blobOf('hello'), { 'idempotency-key': 'x'.repeat(256) })
    expect(answer.status).toBe(422)
    expect((await bodyOf(answer)).detail[0].loc).toEqual(['header', 'Idempotency-Key'])
  })
})

describe('database round trips of the Direct Upload dialect', () => {
  it('are one for a blob, whether the key is verified or not, repeated or not; one more to settle', async () => {
    // A verified key is believed for 30 s.
    vi.setSystemTime(Date.now())
    const token = await startWorker().organization()
    const calls = recordCalls()
    const api = directUpload(startWorker({ DB: interceptDatabase(env.DB, calls) }), token)
    const roundTrips = async (call: () => Promise<Response>): Promise<number> => {
      calls.names.length = 0
      expect((await call()).status).toBeLessThan(400)
      return calls.names.length
    }
    const blob = await blobOf('hello')
    const create = () => api.create(blob, { 'idempotency-key': 'once' })
    expect(await roundTrips(create)).toBe(1)
    expect(await roundTrips(create)).toBe(1)
    expect(await roundTrips(() => api.create(blob))).toBe(1)
    const { key, signed_id } = await bodyOf(await api.create(blob))
    expect(await roundTrips(() => api.get(signed_id))).toBe(1)
    await api.put(key, 'hello')
    expect(await roundTrips(() => api.get(signed_id))).toBe(2)
    expect(await roundTrips(() => api.get(signed_id))).toBe(1)
    expect(await roundTrips(() => api.download(signed_id))).toBe(1)
    expect(await roundTrips(() => api.get('x').then(() => new Response()))).toBe(0)
  })
})
