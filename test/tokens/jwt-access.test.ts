import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { compose } from '../../src/compose'
import { parseOrganizationId } from '../../src/core/ids'
import { presignUpload } from '../../src/core/uploads/presign-upload'
import { uploadBytes } from '../../src/core/uploads/upload-bytes'
import {
  jwtVariables,
  newSigningKey,
  type SigningKey,
  signToken,
  startIdentityProvider,
} from '../support/identity-provider'
import { interceptDatabase, recordCalls } from '../support/intercept'
import { expectInvariants } from '../support/invariants'
import { captureLogs } from '../support/logs'
import { base64, filesPath, quantcdn } from '../support/quantcdn'
import { bodyOf, rows, startWorker, type TestWorker } from '../support/worker'

let signer: SigningKey
let worker: TestWorker

beforeAll(async () => {
  signer = await newSigningKey('key-1')
})

beforeEach(async () => {
  startIdentityProvider([signer])
  worker = startWorker(jwtVariables)
  await worker.organization('acme')
})

const tokenWith = (claims: Record<string, unknown> = {}) => signToken(signer, { claims })
const upload = { content: base64('hi'), contentType: 'text/plain' }
const presign = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }

describe('with a JWT', () => {
  it('files are uploaded, listed, read and deleted, together with the API keys of the organization', async () => {
    const api = quantcdn(worker, await tokenWith())
    const fileId = await api.stored('hello')
    const keyed = quantcdn(worker, await worker.organization('acme'))
    expect((await keyed.get(fileId)).status).toBe(200)
    expect((await api.upload(presign)).status).toBe(201)
    expect((await bodyOf(await api.list())).files).toHaveLength(1)
    expect((await api.get(fileId)).status).toBe(200)
    expect((await api.delete(fileId)).status).toBe(200)
    expect((await api.get(fileId)).status).toBe(404)
    await expectInvariants({ swept: false })
  })

  it('an upload costs two round trips to the database, a presign one: the token itself none', async () => {
    const calls = recordCalls()
    const counted = startWorker({ ...jwtVariables, DB: interceptDatabase(env.DB, calls) })
    const api = quantcdn(counted, await tokenWith())
    for (const [json, roundTrips] of [
      [upload, 2],
      [presign, 1],
    ] as const) {
      calls.names.length = 0
      expect((await api.upload(json)).status).toBe(201)
      expect(calls.names).toHaveLength(roundTrips)
    }
  })

  it('as much is possible as its scopes say, and no more', async () => {
    const fileId = await quantcdn(worker, await tokenWith()).stored('hi')
    const reader = quantcdn(worker, await tokenWith({ scope: 'openid files:read profile' }))
    const writer = quantcdn(worker, await tokenWith({ scope: ['files:write', 7, 'email'] }))
    expect((await reader.get(fileId)).status).toBe(200)
    expect((await writer.upload(presign)).status).toBe(201)
    for (const refused of [await reader.upload(upload), await reader.delete(fileId)])
      expect([refused.status, (await bodyOf(refused)).message]).toEqual([
        403,
        'Access denied: the token lacks the scope files:write',
      ])
    for (const refused of [await writer.get(fileId), await writer.list()]) expect(refused.status).toBe(403)
  })

  it.each([
    undefined,
    '',
    'files:reader',
    'FILES:READ',
    'files:read,files:write',
    'xfiles:read',
    {},
    7,
    null,
  ])('nothing is possible with the scope claim %j', async (scope) => {
    const api = quantcdn(worker, await tokenWith({ scope }))
    for (const refused of [await api.list(), await api.upload(upload)]) expect(refused.status).toBe(403)
  })

  it('an Idempotency-Key works as with an API key', async () => {
    const once = { 'idempotency-key': 'once' }
    const made = await quantcdn(worker, await tokenWith()).upload(upload, once)
    const again = await quantcdn(worker, await tokenWith({ jti: 'renewed' })).upload(upload, once)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await bodyOf(again)).fileId).toBe((await bodyOf(made)).fileId)
  })
})

describe('the organization of a JWT', () => {
  it('keeps it out of every other one', async () => {
    const owner = quantcdn(worker, await worker.organization('other'), filesPath.replace('acme', 'other'))
    const fileId = await owner.stored('private')
    const token = await tokenWith()
    const trespasser = quantcdn(worker, token, filesPath.replace('acme', 'other'))
    for (const answer of [
      await trespasser.list(),
      await trespasser.get(fileId),
      await trespasser.upload(upload),
      await trespasser.upload(presign),
      await trespasser.delete(fileId),
    ]) {
      expect(answer.status).toBe(403)
      expect(await bodyOf(answer)).toEqual({ error: true, message: 'Access denied' })
    }
    expect((await quantcdn(worker, token).get(fileId)).status).toBe(404)
    expect((await owner.get(fileId)).status).toBe(200)
  })

  const pointed: [pointer: string, claims: Record<string, unknown>][] = [
    ['/org_id', { org_id: 'acme' }],
    ['/app_metadata/organization/id', { app_metadata: { organization: { id: 'acme' } } }],
    ['/https:~1~1example.com~1org', { 'https://example.com/org': 'acme' }],
    ['/a~0b/c~01d', { 'a~b': { 'c~1d': 'acme' } }],
    ['/organizations/1', { organizations: ['other', 'acme'] }],
    ['/', { '': 'acme' }],
  ]
  it.each(pointed)('is found by the pointer %s', async (pointer, claims) => {
    const pointing = startWorker({ ...jwtVariables, JWT_ORGANIZATION_CLAIM: pointer })
    const token = await tokenWith({ org_id: undefined, ...claims })
    expect((await quantcdn(pointing, token).upload(presign)).status).toBe(201)
  })

  it.each([
    undefined,
    '',
    'ACME',
    'acme ',
    '../acme',
    'a'.repeat(64),
    ['acme'],
    { id: 'acme' },
    7,
    true,
    null,
  ])('must be one: %j is 403 everywhere, not 401, since a new token would not help', async (org_id) => {
    const token = await tokenWith({ org_id })
    for (const answer of [
      await worker.call('GET', filesPath, { token }),
      await worker.call('POST', filesPath, { token, json: upload }),
      await worker.call('GET', '/v1/organizations/acme', { token }),
      await worker.call('POST', '/v1/api-keys', { token, json: {} }),
    ])
      expect(answer.status).toBe(403)
  })

  it('must be there to be written to: 403, nothing stored, no failure logged', async () => {
    const logs = captureLogs()
    const token = await tokenWith({ org_id: 'nobody' })
    const api = quantcdn(worker, token, filesPath.replace('acme', 'nobody'))
    for (const headers of [{}, { 'idempotency-key': 'once' }] as Record<string, string>[])
      for (const json of [upload, presign]) {
        const answer = await api.upload(json, headers)
        expect(answer.status).toBe(403)
        expect(await bodyOf(answer)).toEqual({ error: true, message: 'Access denied' })
      }
    for (const headers of [{}, { 'idempotency-key': 'other' }] as Record<string, string>[])
      expect((await worker.call('POST', '/v1/api-keys', { token, json: {}, headers })).status).toBe(403)
    expect((await worker.call('GET', '/v1/organizations/nobody', { token })).status).toBe(404)
    expect(await bodyOf(await api.list())).toMatchObject({ files: [] })
    expect(logs.events().filter(({ event }) => event === 'request_failed')).toEqual([])
    expect(await rows('SELECT * FROM files')).toEqual([])
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('is refused alike in every dialect when it is not there: not as something that was not found', async () => {
    const gateway = (await compose(env)).gatewayFor(() => {}, {})
    const file = {
      organizationId: parseOrganizationId('nobody') ?? expect.fail(),
      filename: null,
      contentType: 'text/plain',
      metadata: {},
    }
    const more = { file, idempotencyKey: null, operation: 'test' }
    const failure = { failure: { code: 'wrong_organization' } }
    await expect(presignUpload(gateway, { ...more, byteSize: 5 })).rejects.toMatchObject(failure)
    await expect(uploadBytes(gateway, { ...more, bytes: new Uint8Array(5) })).rejects.toMatchObject(failure)
  })

  it('may read its usage, not change itself', async () => {
    const token = await tokenWith({ scope: 'files:read' })
    const shown = await worker.call('GET', '/v1/organizations/acme', { token })
    expect(await bodyOf(shown)).toMatchObject({ id: 'acme', usedBytes: 0 })
    expect((await worker.call('GET', '/v1/organizations/other', { token })).status).toBe(404)
    const admin = await tokenWith()
    for (const id of ['acme', 'new'])
      expect(
        (await worker.call('PUT', `/v1/organizations/${id}`, { token: admin, json: { name: 'x' } })).status,
      ).toBe(403)
  })
})

describe('POST /v1/api-keys with a JWT', () => {
  const create = (token: string, json: unknown) => worker.call('POST', '/v1/api-keys', { token, json })
  const at = (seconds: number) => new Date(seconds * 1000).toISOString()
  const soon = () => Math.floor(Date.now() / 1000) + 300

  it('makes keys that may do no more, and live no longer, than the token', async () => {
    vi.setSystemTime(Date.now())
    const exp = soon()
    const token = await tokenWith({ scope: 'files:read org:admin', exp })
    const made = await bodyOf(await create(token, {}))
    expect(made).toMatchObject({ scopes: ['files:read'], expiration_date: at(exp) })
    const api = quantcdn(worker, made.api_key)
    expect([(await api.list()).status, (await api.upload(upload)).status]).toEqual([200, 403])
    expect((await create(token, { scopes: ['files:write'] })).status).toBe(403)
    expect((await create(token, { expiration_date: at(exp + 1) })).status).toBe(403)
    expect((await create(token, { expiration_date: at(exp - 1) })).status).toBe(201)
    expect((await create(token, { organization: 'other' })).status).toBe(404)
    vi.setSystemTime(exp * 1000)
    expect((await api.list()).status).toBe(401)
  })

  it('shows a key again only to a token of the same subject that could make it now', async () => {
    const exp = soon()
    const scope = 'files:read files:write org:admin'
    const repeat = async (claims: Record<string, unknown>) => {
      const init = { token: await tokenWith(claims), json: {}, headers: { 'idempotency-key': 'once' } }
      const answer = await worker.call('POST', '/v1/api-keys', init)
      const { api_key, message } = await bodyOf(answer)
      return { status: answer.status, api_key, message }
    }
    const made = await repeat({ exp, scope })
    expect(made.status).toBe(201)
    expect(await repeat({ exp: exp + 60, scope, jti: 'renewed' })).toEqual(made)
    expect(await repeat({ exp: exp + 60, scope: 'files:read org:admin' })).toMatchObject({
      status: 403,
      message: 'This API key cannot grant the scope files:write',
    })
    expect(await repeat({ exp: exp - 60, scope })).toMatchObject({
      status: 403,
      message: expect.stringContaining('expires at'),
    })
    expect(await repeat({ exp, scope, sub: 'user-2' })).toMatchObject({ status: 422 })
  })

  it('needs org:admin', async () => {
    expect((await create(await tokenWith({ scope: 'files:read files:write' }), {})).status).toBe(403)
  })

  it.each([1.5, 1e300, 9e12])('stands an expiry of %d more seconds', async (more) => {
    const exp = soon() + more
    const made = await create(await tokenWith({ exp }), {})
    expect(made.status).toBe(201)
    const [key] = await rows<{ expires_at: number }>('SELECT max(expires_at) AS expires_at FROM api_keys')
    expect(key?.expires_at).toBe(Math.min(Math.floor(exp * 1000), 8.64e15))
  })
})

describe('a verified JWT', () => {
  it('is believed for 30 s, but never past its expiry', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    const now = Math.floor(Date.now() / 1000)
    vi.setSystemTime(now * 1000)
    const api = quantcdn(worker, await tokenWith({ exp: now + 40 }))
    for (let request = 0; request < 3; request++) expect((await api.list()).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(1)
    vi.setSystemTime((now + 31) * 1000)
    expect((await api.list()).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(2)
    vi.setSystemTime((now + 46) * 1000)
    const expired = await api.list()
    expect([expired.status, (await bodyOf(expired)).message]).toEqual([401, 'The token is expired'])
  })
})

describe('who called with a JWT', () => {
  const machines: [isMachine: boolean, claims: Record<string, unknown>][] = [
    [false, { sub: 'user-1', azp: 'app', client_id: 'app' }],
    [false, { sub: 'user-1', gty: 'password' }],
    [true, { sub: 'abc@clients', azp: 'abc', gty: 'client-credentials' }],
    [true, { sub: 'service', grant_type: 'client_credentials' }],
    [true, { sub: 'abc', client_id: 'abc' }],
    [true, { sub: 'abc', azp: 'abc' }],
    [true, { sub: undefined, client_id: 'abc' }],
  ]
  it.each(machines)('is in the log, as a machine %j, for %j; the token is not', async (isMachine, claims) => {
    const logs = captureLogs()
    const token = await tokenWith(claims)
    expect((await quantcdn(worker, token).list()).status).toBe(200)
    expect(logs.events()).toContainEqual(
      expect.objectContaining({
        event: 'request',
        status: 200,
        organizationId: 'acme',
        subject: claims.sub ?? 'abc',
        isMachine,
      }),
    )
    for (const part of token.split('.')) expect(logs.text()).not.toContain(part)
  })

  it('is limited by organization and subject, whichever token it is', async () => {
    const keys: string[] = []
    const limiter: RateLimit = {
      async limit({ key }) {
        keys.push(key)
        return { success: keys.filter((other) => other === key).length <= 2 }
      },
    }
    const limited = startWorker({ ...jwtVariables, RATE_LIMITER: limiter })
    const list = async (claims: Record<string, unknown>) => quantcdn(limited, await tokenWith(claims)).list()
    const statuses = []
    for (const jti of ['a', 'b', 'c']) statuses.push((await list({ jti })).status)
    expect(statuses).toEqual([200, 200, 429])
    expect((await list({ sub: 'user-2' })).status).toBe(200)
    // The same subject elsewhere: not this one's allowance.
    expect((await list({ org_id: 'other' })).status).toBe(403)
    expect(new Set(keys)).toEqual(new Set(['acme/user-1', 'acme/user-2', 'other/user-1']))
  })
})
