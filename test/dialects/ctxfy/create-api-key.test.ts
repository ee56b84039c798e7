import { describe, expect, it } from 'vitest'
import { filesPath } from '../../support/quantcdn'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const path = '/v1/api-keys'
/** What comes after the id. */
const secretOf = (token: string) => token.replace(/^slip_[0-9a-f]+_/, '')

async function start() {
  const worker = startWorker()
  await worker.call('PUT', '/v1/organizations/acme', { token: rootKey, json: { name: 'Acme' } })
  const create = (token: string, json: unknown, headers: Record<string, string> = {}) =>
    worker.call('POST', path, { token, json, headers })
  const byRoot = async (json: object = {}): Promise<string> =>
    (await bodyOf(await create(rootKey, { organization: 'acme', ...json }))).api_key
  return { worker, create, byRoot }
}

describe('POST /v1/api-keys', () => {
  it('shows a working key once and stores only its hash', async () => {
    const { worker, create } = await start()
    const answer = await create(rootKey, { organization: 'acme', name: 'ci', scopes: ['files:read'] })
    expect(answer.status).toBe(201)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      key_prefix: `slip_${body.id}`,
      name: 'ci',
      expiration_date: null,
      created_at: expect.any(String),
      revoked_at: null,
      last_used_at: null,
      scopes: ['files:read'],
      api_key: expect.stringMatching(new RegExp(`^slip_${body.id}_[A-Za-z0-9_-]{104}$`)),
    })
    expect((await worker.call('GET', filesPath, { token: body.api_key })).status).toBe(200)
    expect(JSON.stringify(await rows('SELECT * FROM api_keys'))).not.toContain(secretOf(body.api_key))
  })

  it('gives a key whose maker names no scopes those of files, as far as the maker has them', async () => {
    const { create, byRoot } = await start()
    const all = ['files:read', 'files:write', 'org:admin']
    await byRoot({ name: 'first' })
    for (const scopes of [undefined, null, ['files:read', 'files:write']])
      expect(await bodyOf(await create(rootKey, { organization: 'acme', scopes }))).toMatchObject({
        scopes: ['files:read', 'files:write'],
      })
    for (const [own, granted] of [
      [all, ['files:read', 'files:write']],
      [['org:admin', 'files:write'], ['files:write']],
    ]) {
      const made = await create(await byRoot({ scopes: own }), {})
      expect(await bodyOf(made)).toMatchObject({ scopes: granted })
    }
    const refused = await create(await byRoot({ scopes: ['org:admin'] }), {})
    expect([refused.status, (await bodyOf(refused)).message]).toEqual([
      403,
      'This API key cannot grant the scope files:read',
    ])
  })

  it('makes the first key of an organization one that can make others, unless the root key says otherwise', async () => {
    const { worker, create } = await start()
    const once = { 'Idempotency-Key': 'first' }
    const first = await bodyOf(await create(rootKey, { organization: 'acme' }, once))
    expect(first.scopes).toEqual(['files:read', 'files:write', 'org:admin'])
    expect(await bodyOf(await create(rootKey, { organization: 'acme' }, once))).toEqual(first)
    const second = await bodyOf(await create(rootKey, { organization: 'acme' }))
    expect(second.scopes).toEqual(['files:read', 'files:write'])
    await worker.call('PUT', '/v1/organizations/other', { token: rootKey, json: { name: 'Other' } })
    const narrow = await create(rootKey, { organization: 'other', scopes: ['files:read'] })
    expect((await bodyOf(narrow)).scopes).toEqual(['files:read'])
  })

  it('lets an admin make keys that may do no more than itself', async () => {
    const { create, byRoot } = await start()
    const admin = await byRoot({ scopes: ['files:read', 'org:admin'] })
    const made = await create(admin, { scopes: ['files:read', 'org:admin'] })
    expect(await bodyOf(made)).toMatchObject({ scopes: ['files:read', 'org:admin'] })
    const refused = await create(admin, { scopes: ['files:read', 'files:write'] })
    expect(refused.status).toBe(403)
    expect(await bodyOf(refused)).toEqual({
      error: 'Forbidden',
      message: expect.stringContaining('files:write'),
      code: 403,
    })
  })

  it('lets an admin make keys that live no longer than itself', async () => {
    const { create, byRoot } = await start()
    const day = 24 * 3_600_000
    const at = (days: number) => new Date(Date.now() + days * day).toISOString()
    const expiration_date = at(2)
    const admin = await byRoot({ expiration_date, scopes: ['org:admin', 'files:read'] })
    expect(await bodyOf(await create(admin, {}))).toMatchObject({ expiration_date })
    expect((await create(admin, { expiration_date: at(1) })).status).toBe(201)
    expect((await create(admin, { expiration_date: at(3) })).status).toBe(403)
  })

  it('needs org:admin, and another organization stays out of reach', async () => {
    const { worker, create, byRoot } = await start()
    await worker.organization('other')
    const writer = await byRoot({ scopes: ['files:write'] })
    expect((await create(writer, {})).status).toBe(403)
    const admin = await byRoot({ scopes: ['org:admin', 'files:read'] })
    for (const organization of ['other', 'nobody', 'NOT AN ID']) {
      const answer = await create(admin, { organization })
      expect([answer.status, (await bodyOf(answer)).message]).toEqual([404, 'There is no such organization'])
    }
    expect((await create(rootKey, { organization: 'nobody' })).status).toBe(404)
  })

  const invalid: [json: object, field: string][] = [
    [{}, 'organization'],
    [{ organization: 'acme', scopes: [] }, 'scopes'],
    [{ organization: 'acme', scopes: ['everything'] }, 'scopes.0'],
    [{ organization: 'acme', scopes: ['files:read', 'files:read'] }, 'scopes'],
    [{ organization: 'acme', name: 'a\u0000b' }, 'name'],
    [{ organization: 'acme', name: 'a\ud800' }, 'name'],
    [{ organization: 'acme', name: 'a'.repeat(256) }, 'name'],
    [{ organization: 'acme', expires_in: 3600 }, 'expires_in'],
    [{ organization: 'acme', expires_at: null }, 'expires_at'],
    [{ organization: 'acme', scope: 'files:read' }, 'scope'],
    [{ organization: 'acme', Scopes: ['files:read'] }, 'Scopes'],
    [JSON.parse('{"organization":"acme","__proto__":{}}'), '__proto__'],
    [{ organization: 'acme', name: 5 }, 'name'],
    [{ organization: 'acme', expiration_date: 'tomorrow' }, 'expiration_date'],
    [{ organization: 'acme', expiration_date: '2001-01-01T00:00:00Z' }, 'expiration_date'],
  ]
  it.each(invalid)('refuses %j and names the field', async (json, field) => {
    const { create } = await start()
    const answer = await create(rootKey, json)
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ error: 'Bad Request', code: 400, details: [{ field }] })
    expect(await rows('SELECT id FROM api_keys')).toEqual([])
  })

  it('answers 401 in its own shape', async () => {
    const { worker } = await start()
    const answer = await worker.call('POST', path, { json: {} })
    expect(answer.status).toBe(401)
    expect(await bodyOf(answer)).toEqual({
      error: 'Unauthorized',
      message: 'Authentication required. Please provide a valid API token',
      code: 401,
    })
  })

  it('shows the same key again for the same Idempotency-Key, without having stored it readably', async () => {
    const { create } = await start()
    const json = { organization: 'acme', name: 'ci' }
    const once = { 'idempotency-key': 'once' }
    const first = await create(rootKey, json, once)
    const again = await create(rootKey, json, once)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const body = await bodyOf(first)
    expect(await bodyOf(again)).toEqual(body)
    expect(await rows('SELECT id FROM api_keys')).toHaveLength(1)
    expect(JSON.stringify(await rows('SELECT * FROM idempotency_records'))).not.toContain(
      secretOf(body.api_key),
    )
    expect((await create(rootKey, { ...json, name: 'other' }, once)).status).toBe(422)
  })

  it('stores exactly the name it answers', async () => {
    const { worker, create } = await start()
    for (const name of ['', ' a ', 'a\nb\u0001', '\u202eé\u0301😀', 'NULL', null]) {
      expect(await bodyOf(await create(rootKey, { organization: 'acme', name }))).toMatchObject({ name })
      const listed = await worker.call('GET', `${path}?organization=acme&per_page=1`, { token: rootKey })
      expect((await bodyOf(listed)).api_keys).toMatchObject([{ name }])
    }
  })

  it('takes the same request with its scopes in another order for the same', async () => {
    const { create } = await start()
    const once = { 'idempotency-key': 'once' }
    const json = { organization: 'acme', scopes: ['files:read', 'org:admin'] }
    const first = await bodyOf(await create(rootKey, json, once))
    const again = await create(rootKey, { ...json, scopes: [...json.scopes].reverse(), name: null }, once)
    expect(await bodyOf(again)).toEqual(first)
  })

  it('never shows a key to another caller who repeats the request that made it', async () => {
    const { create, byRoot } = await start()
    const scopes = ['files:read', 'files:write', 'org:admin']
    const strong = await byRoot({ scopes })
    const weak = await byRoot({ scopes: ['org:admin'], expiration_date: new Date(Date.now() + 60_000) })
    const json = { organization: 'acme', name: 'ci' }
    for (const [caller, key] of [
      [rootKey, 'bootstrap'],
      [strong, 'provision'],
    ] as const) {
      const headers = { 'idempotency-key': key }
      const made = await bodyOf(await create(caller, json, headers))
      for (const other of [weak, strong, rootKey]) {
        const answer = await create(other, json, headers)
        const text = await answer.text()
        expect(text.includes(made.api_key)).toBe(other === caller)
        if (other !== caller) expect([403, 422]).toContain(answer.status)
      }
    }
  })

  it('makes one key of eight racing requests with the same Idempotency-Key', async () => {
    const { create } = await start()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        create(rootKey, { organization: 'acme' }, { 'idempotency-key': 'once' }),
      ),
    )
    const keys = await Promise.all(answers.map(async (answer) => (await bodyOf(answer)).api_key))
    expect(new Set(keys).size).toBe(1)
    expect(await rows('SELECT id FROM api_keys')).toHaveLength(1)
  })
})
