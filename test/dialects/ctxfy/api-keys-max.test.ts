import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { keyIdOf, keysPath } from '../../support/ctxfy'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const max = 1000

/** An organization with `max` keys that work, all but one written by SQL. */
async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
     INSERT INTO api_keys (id, organization_id, secret_sha256, scopes, created_at)
     SELECT printf('%016x', i), 'acme', '', '[]', i FROM n`,
  )
    .bind(max)
    .run()
  const create = (headers: Record<string, string> = {}) =>
    worker.call('POST', keysPath, { token, json: {}, headers })
  const idOf = (index: number) => index.toString(16).padStart(16, '0')
  const has = async (index: number) =>
    (await rows('SELECT id FROM api_keys WHERE id = ?1', idOf(index))).length === 1
  const count = async () => (await rows<{ n: number }>('SELECT count(*) AS n FROM api_keys'))[0]?.n
  return { worker, token, create, idOf, has, count }
}

describe('an organization with a thousand API keys', () => {
  it('gets no further one while all of them work: 409, with the root key too', async () => {
    const { worker, create, count } = await start()
    const answer = await create()
    expect(answer.status).toBe(409)
    expect((await bodyOf(answer)).message).toContain('revoke')
    const byRoot = await worker.call('POST', keysPath, { token: rootKey, json: { organization: 'acme' } })
    expect(byRoot.status).toBe(409)
    expect(await count()).toBe(max)
    await worker.call('PUT', '/v1/organizations/other', { token: rootKey, json: { name: 'Other' } })
    const other = await worker.call('POST', keysPath, { token: rootKey, json: { organization: 'other' } })
    expect(other.status).toBe(201)
  })

  it('makes room with the oldest that does not work any more, revoked or expired, and with no other', async () => {
    const { token, create, idOf, has, count } = await start()
    await rows('UPDATE api_keys SET revoked_at = 1 WHERE id IN (?1, ?2)', idOf(7), idOf(9))
    await rows('UPDATE api_keys SET expires_at = 1 WHERE id = ?1', idOf(5))
    for (const gone of [5, 7, 9]) {
      expect(await has(gone)).toBe(true)
      expect((await create()).status).toBe(201)
      expect(await has(gone)).toBe(false)
      expect(await count()).toBe(max)
    }
    expect((await create()).status).toBe(409)
    expect(await rows('SELECT id FROM api_keys WHERE id = ?1', keyIdOf(token))).toHaveLength(1)
  })

  it('keeps no reply of a key that was not made, and drops none for a reply that is repeated', async () => {
    const { create, idOf, has, count } = await start()
    const once = { 'idempotency-key': 'once' }
    expect((await create(once)).status).toBe(409)
    await rows('UPDATE api_keys SET revoked_at = 1 WHERE id = ?1', idOf(3))
    const made = await create(once)
    expect([made.status, made.headers.get('idempotent-replayed')]).toEqual([201, null])
    await rows('UPDATE api_keys SET revoked_at = 1 WHERE id = ?1', idOf(4))
    const again = await create(once)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect((await bodyOf(again)).id).toBe((await bodyOf(made)).id)
    expect([await has(4), await count()]).toEqual([true, max])
  })

  it('that has more from before comes back under the bound with the next one', async () => {
    const { create, idOf, count } = await start()
    await rows('UPDATE api_keys SET revoked_at = 1 WHERE id = ?1', idOf(1))
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
       INSERT INTO api_keys (id, organization_id, secret_sha256, scopes, created_at, revoked_at)
       SELECT 'old' || i, 'acme', '', '[]', 0, 1 FROM n`,
    ).run()
    expect((await create()).status).toBe(201)
    expect(await count()).toBe(max)
  })
})
