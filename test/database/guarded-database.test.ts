import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/core/errors'
import type { Sha256 } from '../../src/core/ids'
import type { RefusalReason } from '../../src/core/organizations/unverified'
import { readRows, runBatch } from '../../src/database/d1'
import { guardDatabase } from '../../src/database/guarded-database'
import { prepare } from '../../src/database/statement'
import { putOrganizations, sha256 } from '../support/entities'
import '../support/fresh-storage'
import { interceptDatabase, recordCalls } from '../support/intercept'
import { rows } from '../support/worker'

const hour = 3_600_000

/** The database as a request of the key `key 1` gets it, and what became of the key. */
function guard({
  usedAt = 10 * hour,
  secretSha256 = sha256('a'),
}: {
  usedAt?: number
  secretSha256?: Sha256
} = {}) {
  const calls = recordCalls()
  const told: ('accepted' | RefusalReason)[] = []
  const { db, confirm } = guardDatabase(interceptDatabase(env.DB, calls), {
    subject: { kind: 'api_key', id: 'key 1', secretSha256 },
    usedAt,
    accept: () => void told.push('accepted'),
    async refuse(reason) {
      told.push(reason)
      return new GatewayError({ code: 'unauthenticated', reason })
    },
  })
  const write = (name: string) =>
    runBatch(db, 'write', {
      written: prepare(db, 'INSERT INTO sweep_positions (step, position) VALUES (:name, :name)', { name }),
    })
  const read = () => readRows('read', prepare(db, 'SELECT step FROM sweep_positions ORDER BY 1', {}))
  return { calls, told, confirm, write, read }
}

const written = async () =>
  (await rows<{ step: string }>('SELECT step FROM sweep_positions')).map(({ step }) => step)
const lastUse = async () => (await rows('SELECT last_used_at AS at FROM api_keys'))[0]?.at

beforeEach(async () => {
  await putOrganizations()
  await rows(
    `INSERT INTO api_keys (id, organization_id, secret_sha256, scopes, created_at, expires_at)
     VALUES ('key 1', 'acme', ?1, '[]', 1, ?2)`,
    sha256('a'),
    100 * hour,
  )
})

describe('a guarded database', () => {
  it('asks with the first call, which others wait for, and then no more', async () => {
    const { calls, told, confirm, write, read } = guard()
    const [, first, second] = await Promise.all([write('a'), read(), read()])
    expect([first, second]).toEqual([[{ step: 'a' }], [{ step: 'a' }]])
    await write('b')
    await confirm()
    expect(calls.names).toEqual(['batch', 'all', 'all', 'batch'])
    expect(told).toEqual(['accepted'])
    expect(await written()).toEqual(['a', 'b'])
  })

  it('asks with a first read, or by itself', async () => {
    const reading = guard()
    expect(await reading.read()).toEqual([])
    expect(reading.calls.names).toEqual(['batch'])
    const idle = guard()
    await idle.confirm()
    await idle.confirm()
    expect(idle.calls.names).toEqual(['batch'])
    expect([reading.told, idle.told]).toEqual([['accepted'], ['accepted']])
  })

  it.each([
    ['revoked', 'UPDATE api_keys SET revoked_at = 1', {}],
    ['expired', `UPDATE api_keys SET expires_at = ${10 * hour}`, {}],
    ['invalid', 'DELETE FROM api_keys', {}],
    ['invalid', 'SELECT 1', { secretSha256: sha256('b') }],
  ] as const)(
    'does nothing of what a key asks for that is %s (%s), and asks no more',
    async (reason, sql, key) => {
      await rows(sql)
      const { calls, told, confirm, write, read } = guard(key)
      const refusal = { failure: { code: 'unauthenticated', reason } }
      const outcomes = [write('a'), write('b'), read(), confirm()]
      for (const outcome of outcomes) await expect(outcome).rejects.toMatchObject(refusal)
      await expect(write('c')).rejects.toMatchObject(refusal)
      expect(calls.names).toEqual(['batch'])
      expect(told).toEqual([reason])
      expect(await written()).toEqual([])
      expect(await lastUse()).not.toBe(10 * hour)
    },
  )

  it('asks with the next call when the first one failed', async () => {
    const { calls, told, write } = guard()
    calls.decide = (_, index) => (index === 0 ? 'before' : 'none')
    const [first, second] = await Promise.allSettled([write('a'), write('b')])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
    await expect(write('b')).rejects.toMatchObject({ failure: { code: 'database_failed' } })
    expect(told).toEqual(['accepted'])
    expect(await written()).toEqual(['b'])
  })

  it('notes a use once an hour, and writes no row besides', async () => {
    const used = async (usedAt: number) => {
      const { confirm } = guard({ usedAt })
      await confirm()
      return lastUse()
    }
    expect(await used(10 * hour)).toBe(10 * hour)
    expect(await used(11 * hour - 1)).toBe(10 * hour)
    expect(await used(9 * hour)).toBe(10 * hour)
    expect(await used(11 * hour)).toBe(11 * hour)
    const { meta } = await env.DB.prepare(
      `INSERT INTO api_key_uses (id, secret_sha256, used_at, unless_used_after) VALUES ('key 1', ?1, ?2, ?3)`,
    )
      .bind(sha256('a'), 11 * hour + 1, 10 * hour + 1)
      .run()
    expect(meta.rows_written).toBe(0)
  })
})
