import { env, exports } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { interceptBucket, interceptDatabase, recordCalls } from './support/intercept'
import { captureLogs } from './support/logs'
import { base64, filesPath, quantcdn } from './support/quantcdn'
import { createS3OverBucket } from './support/s3-over-bucket'
import { answerStoreRequests } from './support/store-requests'
import { type Bindings, bodyOf, rootKey, startWorker } from './support/worker'

describe('the Worker', () => {
  it('answers through its real door', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const answer = await exports.default.fetch(new Request('https://gateway.example.com/health'))
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual({ status: 'ok' })
  })

  it('says which part is missing when it is not healthy', async () => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    captureLogs()
    const broken = recordCalls(() => 'before')
    const noBucket = await startWorker({ BUCKET: interceptBucket(env.BUCKET, broken) }).call('GET', '/health')
    expect([noBucket.status, await bodyOf(noBucket)]).toEqual([
      503,
      { status: 'unavailable', failing: ['bucket'] },
    ])
    const noDatabase = await startWorker({ DB: interceptDatabase(env.DB, broken) }).call('GET', '/health')
    expect(await bodyOf(noDatabase)).toEqual({ status: 'unavailable', failing: ['database'] })
  })

  it('gives every answer a request id, and the same one to its log line', async () => {
    const logs = captureLogs()
    const worker = startWorker()
    const ids = []
    for (const path of ['/health', '/nothing', filesPath]) {
      const answer = await worker.call('GET', path)
      ids.push(answer.headers.get('x-request-id'))
    }
    expect(new Set(ids).size).toBe(3)
    expect(
      logs
        .events()
        .filter(({ event }) => event === 'request')
        .map(({ requestId }) => requestId),
    ).toEqual(ids)
  })

  it('logs the route and who called, and never a secret, a token, a body or a presigned URL', async () => {
    const logs = captureLogs()
    const worker = startWorker()
    const token = await worker.organization()
    const api = quantcdn(worker, token)
    const stored = await bodyOf(
      await api.upload({ content: base64('private words'), contentType: 'text/plain' }),
    )
    const presigned = await bodyOf(await api.upload({ requestUploadUrl: true, contentType: 'text/plain' }))
    await api.get(stored.fileId)
    await worker.call('GET', filesPath, { token: `${token}0` })
    expect(logs.events()).toContainEqual(
      expect.objectContaining({
        event: 'request',
        method: 'GET',
        route: '/api/v3/organizations/:organisation/ai/files/:fileId',
        status: 200,
        organizationId: 'acme',
        keyId: token.split('_')[1],
      }),
    )
    const secrets = [
      token,
      token.split('_')[2],
      rootKey,
      env.SIGNING_SECRET,
      env.S3_SECRET_ACCESS_KEY,
      base64('private words'),
      new URL(stored.url).searchParams.get('X-Amz-Signature'),
      new URL(presigned.uploadUrl).searchParams.get('X-Amz-Signature'),
      'X-Amz-',
    ]
    for (const secret of secrets) expect(logs.text()).not.toContain(secret)
  })

  it('logs the share of requests that is configured, and all that are answered with 500 or more', async () => {
    const logs = captureLogs()
    const logged = async (share: string, bindings: Bindings = {}) => {
      const worker = startWorker({ LOG_REQUESTS_SHARE: share, ...bindings })
      const before = logs.events().length
      await worker.call('GET', '/v1/organizations/acme', { token: rootKey })
      return logs.events().length - before
    }
    const random = vi.spyOn(Math, 'random')
    for (const [share, drawn, count] of [
      ['1', 0.999_999, 1],
      ['0', 0, 0],
      ['0.25', 0.249_999, 1],
      ['0.25', 0.25, 0],
    ] as const) {
      random.mockReturnValue(drawn)
      expect(await logged(share), `${share} ${drawn}`).toBe(count)
    }
    const broken = interceptDatabase(
      env.DB,
      recordCalls(() => 'before'),
    )
    expect(await logged('0', { DB: broken })).toBe(2)
    expect(logs.events().slice(-2)).toMatchObject([
      { event: 'request_failed' },
      { event: 'request', status: 503 },
    ])
  })

  it('answers 500 in the dialect’s shape, without details, when the database or the store fails, and logs the cause', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const logs = captureLogs()
    const database = startWorker({
      DB: interceptDatabase(
        env.DB,
        recordCalls(() => 'before'),
      ),
    })
    const bucket = startWorker({
      BUCKET: interceptBucket(
        env.BUCKET,
        recordCalls((name) => (name === 'put' ? 'before' : 'none')),
      ),
    })
    for (const broken of [database, bucket]) {
      const json = { content: '', contentType: 'text/plain' }
      const answer = await broken.call('POST', filesPath, { token, json })
      expect(answer.status).toBe(500)
      const text = await answer.text()
      expect(JSON.parse(text)).toEqual({ error: true, message: expect.any(String) })
      expect(text).not.toContain('injected')
    }
    const failures = logs.events().filter(({ event }) => event === 'request_failed')
    expect(failures).toHaveLength(2)
    expect(JSON.stringify(failures)).toContain('injected failure before')
  })
})

describe('answers', () => {
  it('are kept by no cache unless they say how long', async () => {
    captureLogs()
    const worker = startWorker()
    const token = await worker.organization()
    const api = quantcdn(worker, token)
    const fileId = await api.stored('hello')
    const json = { filename: 'a', contentType: 'text/plain', size: 5 }
    for (const answer of [
      await worker.call('POST', '/v1/api-keys', { token, json: {} }),
      await worker.call('POST', '/v1/upload/s3', { token, json }),
      await worker.call('POST', '/v1/uploads', { token, json }),
      await worker.call('GET', '/v1/files', { token }),
      await worker.call('GET', filesPath),
      await worker.call('GET', '/nothing'),
      await worker.call('GET', '/health'),
      await api.get(fileId),
      await api.upload({ requestUploadUrl: true, contentType: 'text/plain' }),
    ])
      expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  const tooLarge = { requestUploadUrl: true, contentType: 'video/mp4', size: 6 * 1024 ** 3 }
  const open = { filename: 'a', contentType: 'text/plain', size: 5 }
  it.each([
    [
      'GATEWAY_URL, whatever host the client says',
      'https://uploads.example.com/',
      'https://uploads.example.com',
    ],
    ['the host of the request where that is not set', '', 'https://evil.example'],
  ])('name the gateway’s own URLs by %s', async (_, GATEWAY_URL, expected) => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const worker = startWorker({ GATEWAY_URL })
    const token = await worker.organization()
    const answers = []
    for (const [path, json] of [
      [filesPath, tooLarge],
      ['/v1/upload/s3', open],
    ] as const)
      answers.push(
        await bodyOf(
          await worker.send(
            new Request(`https://evil.example${path}`, {
              method: 'POST',
              headers: { authorization: `Bearer ${token}` },
              body: JSON.stringify(json),
            }),
          ),
        ),
      )
    const [{ multipart }, { publicUrl }] = answers
    for (const url of [multipart.partsUrl, multipart.completeUrl, publicUrl])
      expect(new URL(url).origin).toBe(expected)
  })

  it.each([
    ['DELETE', '/v1/organizations/acme', 'GET, HEAD, PUT'],
    ['PATCH', '/v1/organizations/acme', 'GET, HEAD, PUT'],
    ['POST', '/v1/organizations/acme', 'GET, HEAD, PUT'],
    ['POST', '/health', 'GET, HEAD'],
    ['DELETE', '/health', 'GET, HEAD'],
  ])('are 405 to %s %s, and say what is possible', async (method, path, allow) => {
    const answer = await startWorker().call(method, path, { token: rootKey })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
  })
})

describe('configuration', () => {
  it.each([
    ['DIRECT_UPLOAD_MAX_BYTES', 'seven'],
    ['S3_ENDPOINT', 'https://ACCOUNT_ID.r2.cloudflarestorage.com'],
    ['ROOT_API_KEY', 'short'],
  ])(
    'stops the Worker at its first request when %s is wrong, and names it in the log',
    async (name, value) => {
      const logs = captureLogs()
      const answer = await startWorker({ [name]: value }).call('GET', '/health')
      expect(answer.status).toBe(500)
      expect(await answer.text()).not.toContain(name)
      expect(logs.text()).toContain(name)
      expect(logs.text()).not.toContain(`"${value}"`)
    },
  )
})

describe('CORS', () => {
  const preflight = (origin: string) => ({
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  })

  it('answers the preflight of an allowed origin without credentials', async () => {
    const answer = await startWorker().call('OPTIONS', filesPath, preflight('https://app.example.com'))
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(answer.headers.get('access-control-allow-headers')).toBe(
      'authorization,content-type,idempotency-key',
    )
    expect(answer.headers.get('vary')).toContain('Origin')
  })

  it('lets an allowed origin read answers, errors too', async () => {
    const answer = await startWorker().call('GET', filesPath, {
      headers: { origin: 'https://app.example.com' },
    })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
  })

  it.each(['https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com', 'null'])(
    'gives %s nothing',
    async (origin) => {
      const worker = startWorker()
      for (const answer of [
        await worker.call('OPTIONS', filesPath, preflight(origin)),
        await worker.call('GET', filesPath, { headers: { origin } }),
      ])
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('allows every origin only when the operator says so', async () => {
    const worker = startWorker({ CORS_ALLOWED_ORIGINS: '*' })
    const answer = await worker.call('OPTIONS', filesPath, preflight('https://anyone.example'))
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://anyone.example')
  })
})
