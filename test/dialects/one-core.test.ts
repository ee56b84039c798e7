import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { jwtVariables, newSigningKey, signToken, startIdentityProvider } from '../support/identity-provider'
import { expectInvariants } from '../support/invariants'
import { quantcdn } from '../support/quantcdn'
import { bodyOf, startWorker, type TestWorker } from '../support/worker'

/** `hello`, which every dialect here promises. */
const md5OfHello = 'XUFAKrxLKna5cZ2REBfFkg=='

let worker: TestWorker
let signer: Awaited<ReturnType<typeof newSigningKey>>

beforeEach(async () => {
  signer = await newSigningKey('key-1')
  startIdentityProvider([signer])
  worker = startWorker(jwtVariables)
  await worker.organization('acme')
})

/** How each presigning dialect promises `hello`; the key it will be at. */
const promises: Record<string, (token: string) => Promise<Response>> = {
  quantcdn: (token) =>
    quantcdn(worker, token).upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }),
  'direct-upload': (token) =>
    worker.call('POST', '/api/v1/upload/direct', {
      token,
      json: {
        blob: { filename: 'a.txt', content_type: 'text/plain', byte_size: 5, checksum: md5OfHello },
      },
    }),
  ctxfy: (token) =>
    worker.call('POST', '/v1/upload/s3', {
      token,
      json: { filename: 'a.txt', contentType: 'text/plain', size: 5 },
    }),
}

/** The key that is promised, and the one that the URL puts to. */
function keysIn(answer: Record<string, unknown>): { key: string; puts: string } {
  const direct = answer.direct_upload as { url: string } | undefined
  const url = new URL(String(answer.uploadUrl ?? direct?.url))
  return {
    key: String(answer.s3Key ?? answer.key ?? answer.fileKey),
    puts: url.pathname.replace('/slipway/', ''),
  }
}

describe('the cuadra dialect', () => {
  const upload = async (token: string, fields: Record<string, string> = {}) => {
    const form = new FormData()
    form.append('file', new File(['hello'], 'a.txt', { type: 'text/plain' }))
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    // A Request knows the boundary and the length that go with a form.
    const { headers, body } = new Request('https://x.example', { method: 'POST', body: form })
    const type = headers.get('content-type') ?? ''
    return worker.call('POST', '/v1/files', {
      token,
      headers: { 'content-type': type },
      body: await new Response(body).arrayBuffer(),
    })
  }

  it('takes a JWT, no more than its scopes allow, and says where a file came from', async () => {
    const user = await signToken(signer)
    const machine = await signToken(signer, { claims: { sub: 'robot', client_id: 'robot' } })
    expect(await bodyOf(await upload(user))).toMatchObject({ source: 'api', isDuplicate: false })
    expect(await bodyOf(await upload(machine))).toMatchObject({ source: 'm2m', isDuplicate: true })
    const connected = { connector_metadata: '{"drive":"d1"}' }
    expect(await bodyOf(await upload(machine, connected))).toMatchObject({ source: 'connector' })
    const reader = await signToken(signer, { claims: { scope: 'files:read' } })
    expect((await upload(reader)).status).toBe(403)
    const nobody = await signToken(signer, { claims: { org_id: 'nobody' } })
    expect((await upload(nobody)).status).toBe(403)
    await expectInvariants({ swept: false })
  })

  it('makes files that the others see, and sees theirs', async () => {
    const token = await signToken(signer)
    const api = quantcdn(worker, token)
    const { id } = await bodyOf(await upload(token))
    const [theirs] = (await bodyOf(await api.list())).files
    const mine = await api.stored('something else')
    const { items } = await bodyOf(await worker.call('GET', '/v1/files', { token }))
    expect(items).toHaveLength(2)
    expect((await api.delete(theirs.fileId)).status).toBe(200)
    expect((await worker.call('GET', `/v1/files/${id}`, { token })).status).toBe(404)
    expect((await worker.call('DELETE', `/v1/files/${items[0].id}`, { token })).status).toBe(204)
    expect((await api.get(mine)).status).toBe(404)
    await expectInvariants({ swept: true })
  })
})

describe.each(Object.keys(promises))('the %s dialect', (name) => {
  const promise = (token: string) => promises[name]?.(token) ?? Promise.reject(new Error('no such dialect'))

  it('takes a JWT where it takes an API key, and no more than its scopes allow', async () => {
    expect((await promise(await signToken(signer))).status).toBeLessThan(300)
    const reader = await promise(await signToken(signer, { claims: { scope: 'files:read' } }))
    expect(reader.status).toBe(403)
    const expired = await promise(await signToken(signer, { claims: { exp: 1 } }))
    expect([expired.status, expired.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ])
    const nobody = await promise(await signToken(signer, { claims: { org_id: 'nobody' } }))
    expect(nobody.status).toBe(403)
  })

  it('makes files that the others see, settle and delete', async () => {
    const token = await signToken(signer)
    const { key, puts } = keysIn(await bodyOf(await promise(token)))
    await env.BUCKET.put(puts, 'hello', { httpMetadata: { contentType: 'text/plain' } })
    const fileId = /^acme\/([0-9a-f-]{36})/.exec(key)?.[1] ?? ''
    const api = quantcdn(worker, token)
    const file = await bodyOf(await api.get(fileId))
    expect(file).toMatchObject({ size: 5, contentType: 'text/plain' })
    expect((await bodyOf(await api.list())).files).toMatchObject([{ fileId }])
    expect((await env.BUCKET.list()).objects).toMatchObject([{ key }])
    await expectInvariants({ swept: true })
    expect((await api.delete(fileId)).status).toBe(200)
    expect((await env.BUCKET.list()).objects).toEqual([])
    await expectInvariants({ swept: true })
  })
})
