import fc from 'fast-check'
import { exportSPKI, UnsecuredJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  encodePart as encode,
  goodClaims,
  jwtVariables,
  newSigningKey,
  type SigningKey,
  signAnything,
  signToken,
  startIdentityProvider,
  type TokenInit,
} from '../support/identity-provider'
import { captureLogs } from '../support/logs'
import { filesPath } from '../support/quantcdn'
import { bodyOf, startWorker, type TestWorker } from '../support/worker'

let signer: SigningKey
let rsa: SigningKey
let stranger: SigningKey
let provider: ReturnType<typeof startIdentityProvider>
let worker: TestWorker

beforeAll(async () => {
  signer = await newSigningKey('key-1')
  rsa = await newSigningKey('key-rsa', 'RS256')
  stranger = await newSigningKey('key-of-a-stranger')
})

beforeEach(async () => {
  provider = startIdentityProvider([signer, rsa])
  worker = startWorker(jwtVariables)
  await worker.organization('acme')
})

const list = (token: string, on = worker) => on.call('GET', filesPath, { token })
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow

async function expectRefusal(token: string, reason = 'invalid'): Promise<void> {
  const answer = await list(token)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  expect(await bodyOf(answer)).toEqual({ error: true, message: `The token is ${reason}` })
}

describe('a JWT that is right', () => {
  it('is taken, signed with ES256 or RS256', async () => {
    for (const key of [signer, rsa]) expect((await list(await signToken(key))).status).toBe(200)
  })

  it('may name several audiences, and be a few seconds off', async () => {
    vi.setSystemTime(Date.now())
    const claims = { aud: ['other', jwtVariables.JWT_AUDIENCE], nbf: seconds(3), iat: seconds(3) }
    expect((await list(await signToken(signer, { claims }))).status).toBe(200)
    expect((await list(await signToken(signer, { claims: { exp: seconds(-3) } }))).status).toBe(200)
  })

  it('may leave the kid out, whichever key signed it', async () => {
    const other = await newSigningKey('key-2')
    provider.publish([signer.jwk, other.jwk, rsa.jwk])
    for (const key of [signer, other, rsa])
      expect((await list(await signToken(key, { header: { kid: undefined } }))).status).toBe(200)
    await expectRefusal(await signToken(stranger, { header: { kid: undefined } }))
    const expired = { header: { kid: undefined }, claims: { exp: seconds(-60) } }
    await expectRefusal(await signToken(other, expired), 'expired')
  })

  it('is not taken where no identity provider is configured', async () => {
    const answer = await list(await signToken(signer), startWorker())
    expect(answer.status).toBe(401)
    expect(provider.fetched).toBe(0)
  })
})

describe('a JWT is refused', () => {
  const wrong: [name: string, init: () => TokenInit, reason?: 'expired'][] = [
    ['that has expired', () => ({ claims: { exp: seconds(-6) } }), 'expired'],
    ['that never expires', () => ({ claims: { exp: undefined } })],
    ['whose expiry is text', () => ({ claims: { exp: String(seconds(300)) } })],
    ['that is not valid yet', () => ({ claims: { nbf: seconds(60) } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example/' } })],
    ['of an issuer that only begins alike', () => ({ claims: { iss: `${jwtVariables.JWT_ISSUER}x` } })],
    ['without issuer', () => ({ claims: { iss: undefined } })],
    ['for another audience', () => ({ claims: { aud: 'https://other.example.com' } })],
    ['for other audiences', () => ({ claims: { aud: ['a', 'b'] } })],
    ['without audience', () => ({ claims: { aud: undefined } })],
    ['that names nobody', () => ({ claims: { sub: undefined } })],
    ['whose subject is empty', () => ({ claims: { sub: '' } })],
    ['whose subject is longer than 255', () => ({ claims: { sub: 'x'.repeat(256) } })],
    ['whose subject is no text', () => ({ claims: { sub: 7 } })],
    ['with an unknown kid', () => ({ header: { kid: 'unknown' } })],
    ['signed with a key that is not published', () => ({ key: stranger.privateKey })],
  ]
  it.each(wrong)('%s', async (_, init, reason) => {
    await expectRefusal(await signToken(signer, init()), reason)
  })

  it('with a header that asks for what the verifier does not know', async () => {
    for (const header of [
      { crit: ['x'], x: 1 },
      { crit: [] },
      { crit: ['b64'], b64: false },
      { alg: 'RS256' },
    ])
      await expectRefusal(await signAnything(signer, header, goodClaims()))
    expect((await list(await signAnything(signer, {}, goodClaims()))).status).toBe(200)
  })

  it('whose payload or signature was changed', async () => {
    const [header, , signature] = (await signToken(signer)).split('.')
    await expectRefusal(`${header}.${encode({ ...goodClaims(), org_id: 'other' })}.${signature}`)
    await expectRefusal(`${header}.${encode(goodClaims())}.`)
  })

  it('with alg none, however it is spelled', async () => {
    await expectRefusal(new UnsecuredJWT(goodClaims()).encode())
    for (const alg of ['none', 'None', 'NONE', ''])
      await expectRefusal(`${encode({ alg, kid: signer.kid })}.${encode(goodClaims())}.`)
  })

  it('signed by HS256 with the public key, in every form the public key has', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    const spki = await crypto.subtle.exportKey('spki', rsa.publicKey)
    const utf8 = (text: string) => new TextEncoder().encode(text)
    const forms = [
      utf8(pem),
      utf8(`${pem}\n`),
      utf8(JSON.stringify(rsa.jwk)),
      utf8(rsa.jwk.n ?? ''),
      spki instanceof ArrayBuffer ? new Uint8Array(spki) : utf8(''),
    ]
    for (const key of forms) await expectRefusal(await signToken(rsa, { header: { alg: 'HS256' }, key }))
    expect(provider.fetched).toBe(0)
  })

  it('signed with the right key and another algorithm', async () => {
    const wide = await newSigningKey('wide', 'PS256')
    provider.publish([wide.jwk])
    await expectRefusal(await signToken(wide))
  })

  it('that brings its own key, by value or by URL, which is never fetched', async () => {
    const { jwk } = stranger
    const jku = 'https://evil.example/jwks.json'
    for (const kid of [signer.kid, stranger.kid, undefined])
      for (const header of [{ jwk }, { jku }, { x5u: jku }])
        await expectRefusal(await signToken(stranger, { header: { ...header, kid } }))
    expect(vi.mocked(fetch).mock.calls.every(([url]) => String(url) === jwtVariables.JWT_JWKS_URL)).toBe(true)
  })

  it('with a secret that the provider publishes by mistake', async () => {
    const secret = crypto.getRandomValues(new Uint8Array(32))
    provider.publish([{ kty: 'oct', k: secret.toBase64({ alphabet: 'base64url' }), kid: 'oct' }])
    await expectRefusal(await signToken(signer, { header: { alg: 'HS256', kid: 'oct' }, key: secret }))
  })

  it('whatever else it is: no token makes a 5xx', async () => {
    captureLogs()
    const json = fc.json().map((text) => new TextEncoder().encode(text).toBase64({ alphabet: 'base64url' }))
    const raw = fc.stringMatching(/^[A-Za-z0-9_~+/-]{0,40}$/)
    const header = fc.record(
      {
        alg: fc.constantFrom('ES256', 'RS256', 'HS256', 'none', 'PS256', 7, null),
        kid: fc.constantFrom(signer.kid, rsa.kid, 'unknown', '__proto__', 7, null),
        typ: fc.constantFrom('JWT', 7),
        b64: fc.boolean(),
        crit: fc.constantFrom(['b64'], ['exp'], [], 'x'),
        zip: fc.constant('DEF'),
      },
      { requiredKeys: [] },
    )
    const part = fc.oneof(raw, json, header.map(encode), fc.constant(encode(goodClaims())))
    const plausible = fc.tuple(header.map(encode), part, raw)
    const tokens = fc.oneof(fc.tuple(part, part, part), plausible, fc.array(raw, { maxLength: 5 }))
    await fc.assert(
      fc.asyncProperty(tokens, async (parts) => {
        expect((await list(parts.join('.'))).status).toBe(401)
      }),
      { numRuns: 300 },
    )
  })

  it('when it is signed well: no claims make a 5xx', async () => {
    captureLogs()
    const names = ['org_id', 'scope', 'sub', 'gty', 'client_id', 'azp', 'nbf', 'iat', 'exp', 'aud', 'iss']
    const overrides = fc.dictionary(fc.constantFrom(...names), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(overrides, async (claims) => {
        const token = await signAnything(signer, {}, { ...goodClaims(), ...claims })
        expect([200, 401, 403]).toContain((await list(token)).status)
      }),
      { numRuns: 200 },
    )
  })
})
