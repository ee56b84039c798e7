import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sha256Of } from '../../../src/core/ids'
import { grants } from '../../support/grants'
import { expectInvariants } from '../../support/invariants'
import { captureLogs } from '../../support/logs'
import { pngBytes } from '../../support/quantcdn'
import { r2, startOver } from '../../support/start-over'
import { bodyOf, objectKeys, rows } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, own: grants(over.worker, over.token) }
}

const digestOf = async (text: string) =>
  Uint8Array.fromHex(await sha256Of(new TextEncoder().encode(text))).toBase64()

describe('PUT /g/{token}/{filename}', () => {
  it('stores the body as a file of that name', async () => {
    const { own, worker, token } = await start()
    const held = await own.hold({ metadata: { ticket: 1 } })
    const answer = await held.put('R%C3%A9sum%C3%A9%20final.txt', 'hello', { 'content-type': 'text/plain' })
    expect(answer.status).toBe(201)
    const file = await bodyOf(answer)
    expect(file).toMatchObject({
      filename: 'Résumé final.txt',
      contentType: 'text/plain',
      sizeBytes: 5,
      status: 'ready',
    })
    const content = await worker.call('GET', `/v1/files/${file.id}/content?redirect=false`, { token })
    expect(await content.text()).toBe('hello')
    const [row] = await rows<{ metadata: string }>('SELECT metadata FROM files')
    expect(JSON.parse(row?.metadata ?? '')).toMatchObject({ ticket: 1 })
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
    await expectInvariants({ swept: true })
  })

  it('is refused before its bytes are read when they are announced to be more than is left', async () => {
    const { own } = await start()
    const held = await own.hold({ maxFiles: 3, maxBytes: 8 })
    expect((await held.put('a.txt', 'hello', { 'content-length': '5' })).status).toBe(201)
    const answer = await held.put('b.txt', 'hello', { 'content-length': '5' })
    expect([answer.status, (await bodyOf(answer)).detail]).toEqual([
      413,
      'The file is larger than what is left of this grant',
    ])
    expect(await objectKeys()).toHaveLength(1)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
  })

  it.each([
    ['a.JPEG', {}, 'image/jpeg'],
    ['a.yml', { 'content-type': 'application/x-www-form-urlencoded' }, 'text/yaml'],
    ['a.pdf', { 'content-type': 'application/octet-stream' }, 'application/pdf'],
    ['a.unknown', {}, 'application/octet-stream'],
    ['noextension', { 'content-type': 'text/csv' }, 'text/csv'],
  ])('takes the type of %s with %j for %s', async (name, headers, contentType) => {
    const { own } = await start()
    const held = await own.hold()
    const answer = await held.put(name, new Uint8Array(), headers)
    expect(await bodyOf(answer)).toMatchObject({ contentType, sizeBytes: 0 })
  })

  it('compares the digest that is promised', async () => {
    const { own, worker } = await start()
    const held = await own.hold({ maxFiles: 2 })
    const right = { 'repr-digest': `sha-256=:${await digestOf('hello')}:` }
    expect((await held.put('a.txt', 'hello', right)).status).toBe(201)
    const wrong = await held.put('b.txt', 'hullo', right)
    expect([wrong.status, (await bodyOf(wrong)).detail]).toEqual([
      400,
      expect.stringMatching(/^Repr-Digest the SHA-256 of the body is [0-9a-f]{64}, not [0-9a-f]{64}$/),
    ])
    expect((await held.put('b.txt', 'hello', { 'repr-digest': 'sha-256=:abc:' })).status).toBe(400)
    expect((await held.put('b.txt', 'hello', { 'repr-digest': 'sha-512=:abc=:' })).status).toBe(201)
    await worker.runCron()
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 2, bytesUsed: 10 })
    await expectInvariants({ swept: true })
  })

  it('refuses what the grant does not take, and bytes of another type than the name says', async () => {
    const { own, worker } = await start()
    const held = await own.hold({ contentTypes: ['image/*'], maxBytes: 1000 })
    expect((await held.put('a.txt', 'hello')).status).toBe(415)
    expect((await held.put('a.png', 'x'.repeat(1001), { 'content-type': 'image/png' })).status).toBe(413)
    expect((await held.put('a.png', new TextEncoder().encode('%PDF-1.7\n'))).status).toBe(400)
    expect((await held.put('a.png', pngBytes, { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await held.put('a.png', pngBytes, { 'content-encoding': 'identity' })).status).toBe(201)
    await worker.runCron()
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: pngBytes.length })
    await expectInvariants({ swept: true })
  })

  it('says where larger files go, and not the token', async () => {
    const { start: another, own } = await start()
    const held = await own.hold()
    const small = another({ FORM_UPLOAD_MAX_BYTES: '10' })
    for (const body of ['x'.repeat(11), new Blob(['x'.repeat(11)]).stream()]) {
      const answer = await small.call('PUT', `/g/${held.token}/a.txt`, { body })
      expect(answer.status).toBe(413)
      const text = await answer.text()
      expect(text).toContain('send larger files by /v1/uploads under the same grant')
      expect(text).not.toContain(held.token)
    }
  })

  it('is for grants alone, and other methods are told so', async () => {
    const { own, worker } = await start()
    const held = await own.hold()
    expect((await worker.call('PUT', '/g/nonsense/a.txt', { body: 'x' })).status).toBe(401)
    const posted = await held.call('POST', '')
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await held.call('PATCH', '/a/b')).status).toBe(404)
  })
})

describe('the page of a grant', () => {
  it('is shown to browsers whatever the token is, under a policy that names the store alone', async () => {
    const { own, worker } = await start()
    const held = await own.hold()
    const accept = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
    for (const token of [held.token, 'wrong']) {
      const answer = await worker.call('GET', `/g/${token}`, { headers: accept })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
      expect(answer.headers.get('content-security-policy')).toContain(
        `connect-src 'self' ${new URL(env.S3_ENDPOINT).origin}`,
      )
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(await answer.text()).not.toContain(token)
    }
    expect((await worker.call('GET', '/g/wrong')).status).toBe(401)
  })
})

describe('web pages under a token in the path', () => {
  const preflight = (origin: string) => ({
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')

  it('may be any where the grant names none', async () => {
    const { own } = await start()
    const held = await own.hold()
    const page = 'https://anywhere.example.net'
    expect(allowed(await held.call('OPTIONS', '/v1/uploads', preflight(page)))).toBe(page)
    const answer = await held.call('GET', '', { headers: { origin: page } })
    expect([answer.status, allowed(answer)]).toEqual([200, page])
  })

  it('are those that the grant names, whatever the gateway allows', async () => {
    const { own } = await start()
    const held = await own.hold({ origins: ['https://*.preview.example.org'] })
    const [mine, other] = ['https://a.preview.example.org', 'https://app.example.com']
    expect(allowed(await held.call('OPTIONS', '/v1/uploads', preflight(mine)))).toBe(mine)
    expect(allowed(await held.call('OPTIONS', '/v1/uploads', preflight(other)))).toBeNull()
    expect((await held.call('GET', '', { headers: { origin: mine } })).status).toBe(200)
    const refused = await held.call('GET', '', { headers: { origin: other } })
    expect([refused.status, (await bodyOf(refused)).detail, allowed(refused)]).toEqual([
      403,
      'This grant may not be used from this web page',
      null,
    ])
  })

  it('as a header are those of the gateway, and still no others than the grant’s', async () => {
    const { own, worker } = await start()
    const held = await own.hold({ origins: ['https://b.example.org'] })
    const headers = { origin: 'https://app.example.com' }
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 1 }
    const answer = await worker.call('POST', '/v1/uploads', { token: held.token, json, headers })
    expect([answer.status, allowed(answer)]).toEqual([403, 'https://app.example.com'])
  })

  it('are told that a token is wrong', async () => {
    const { worker } = await start()
    const answer = await worker.call('GET', '/g/wrong', { headers: { origin: 'https://c.example.org' } })
    expect([answer.status, allowed(answer)]).toEqual([401, 'https://c.example.org'])
  })
})

it('a token is in no log line and no answer about a failure', async () => {
  const { own } = await start()
  const held = await own.hold()
  const logs = captureLogs()
  await held.inOne('hello')
  const wrong = await held.call('GET', '/v1/uploads/file_0')
  expect(await wrong.text()).not.toContain(held.token)
  const lines = logs.text()
  expect(lines).not.toContain(held.token)
  expect(lines).toContain(held.id.slice('grant_'.length, 'grant_'.length + 8))
  expect(logs.events()).toContainEqual(expect.objectContaining({ route: '/v1/uploads', status: 201 }))
})
