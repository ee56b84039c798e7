import { beforeEach, describe, expect, it } from 'vitest'
import type { OrganizationId } from '../../src/core/ids'
import type { StoredApiKey } from '../../src/core/organizations/api-key'
import { acme, claim, other, putOrganizations, repositories, sha256 } from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { apiKeys } = repositories

function keyOf(index: number, more: Partial<StoredApiKey> = {}): StoredApiKey {
  return {
    id: `key ${index}`,
    organizationId: acme,
    name: `the name ${index}`,
    scopes: ['files:read', 'org:admin'],
    createdAt: 1000 + index,
    expiresAt: 2000 + index,
    revokedAt: null,
    lastUsedAt: null,
    secretSha256: sha256('a'),
    ...more,
  }
}

const create = (key: StoredApiKey, more: Partial<Parameters<typeof apiKeys.create>[0]> = {}) =>
  apiKeys.create({ key, claim: null, reply: null, apiKeysMax: 3, now: 1500, ...more })

/** The key as it is stored; null: there is none with this id. */
async function stored(id: string): Promise<StoredApiKey | null> {
  const [row] = await rows<Omit<StoredApiKey, 'scopes'> & { scopes: string }>(
    `SELECT id, organization_id AS organizationId, name, scopes, created_at AS createdAt, expires_at AS expiresAt,
       revoked_at AS revokedAt, last_used_at AS lastUsedAt, secret_sha256 AS secretSha256
     FROM api_keys WHERE id = ?1`,
    id,
  )
  return row ? { ...row, scopes: JSON.parse(row.scopes) } : null
}

const unsecret = ({ secretSha256: _, ...key }: StoredApiKey) => key

beforeEach(putOrganizations)

describe('API keys', () => {
  it('are kept whole', async () => {
    const key = keyOf(1)
    expect(await create(key)).toBeNull()
    expect(await stored(key.id)).toEqual(key)
    const bare = keyOf(2, { name: null, expiresAt: null })
    await create(bare)
    expect(await stored(bare.id)).toEqual(bare)
    expect(await stored('key 3')).toBeNull()
    const noOrganization = create(keyOf(4, { organizationId: 'nowhere' as OrganizationId }))
    await expect(noOrganization).rejects.toMatchObject({ failure: { code: 'organization_not_found' } })
  })

  it('are listed newest first, with their number', async () => {
    const keys = [keyOf(1), keyOf(2), keyOf(3, { createdAt: 1002 })]
    for (const key of [...keys, keyOf(4, { organizationId: other })]) await create(key)
    const newest = keys.toReversed().map(unsecret)
    expect(await apiKeys.list(acme, { offset: 0, limit: 2 })).toEqual({ keys: newest.slice(0, 2), total: 3 })
    expect(await apiKeys.list(acme, { offset: 2, limit: 2 })).toEqual({ keys: newest.slice(2), total: 3 })
    expect(await apiKeys.list('nowhere' as OrganizationId, { offset: 0, limit: 2 })).toBeNull()
  })

  it('are revoked once, by their organization or by the root key', async () => {
    const key = keyOf(1)
    await create(key)
    expect(await apiKeys.revoke(key.id, other, 1600)).toBeNull()
    expect(await stored(key.id)).toEqual(key)
    const revoked = { ...unsecret(key), revokedAt: 1601 }
    expect(await apiKeys.revoke(key.id, acme, 1601)).toEqual(revoked)
    expect(await apiKeys.revoke(key.id, null, 1602)).toEqual(revoked)
    expect(await apiKeys.revoke('key 2', null, 1603)).toBeNull()
  })

  it('note their use, but not again before it is due', async () => {
    const key = keyOf(1)
    await create(key)
    await create(keyOf(2))
    const use = (usedAt: number, unlessUsedAfter: number) =>
      rows(
        'INSERT INTO api_key_uses (id, secret_sha256, used_at, unless_used_after) VALUES (?1, ?2, ?3, ?4)',
        key.id,
        key.secretSha256,
        usedAt,
        unlessUsedAfter,
      )
    await use(1700, 1650)
    await use(1800, 1699)
    expect(await stored(key.id)).toEqual({ ...key, lastUsedAt: 1700 })
    await use(1900, 1700)
    expect(await stored(key.id)).toEqual({ ...key, lastUsedAt: 1900 })
    expect(await stored('key 2')).toEqual(keyOf(2))
  })

  it('are made once under an idempotency key, whose reply is kept', async () => {
    expect(await create(keyOf(1), { claim, reply: 'sealed' })).toBeNull()
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([
      {
        organization_id: acme,
        idempotency_key: claim.key,
        fingerprint: claim.fingerprint,
        subject_id: 'key 1',
        reply: '"sealed"',
        locked_until: claim.lockedUntil,
        expires_at: claim.expiresAt,
      },
    ])
    const record = await create(keyOf(2), { claim: { ...claim, fingerprint: sha256('b') }, reply: 'second' })
    expect(record).toEqual({
      organizationId: acme,
      fingerprint: claim.fingerprint,
      subjectId: 'key 1',
      reply: expect.any(Function),
      lockedUntil: claim.lockedUntil,
    })
    expect(record?.reply?.()).toBe('sealed')
    expect(await stored('key 2')).toBeNull()
    // The record is forgotten when its time is over.
    expect(await create(keyOf(3), { claim, reply: 'third', now: claim.expiresAt })).toBeNull()
  })

  it('have room made for them by those that do not work any more, oldest first, and leave no reply without room', async () => {
    const expired = keyOf(2, { expiresAt: 1499 })
    for (const key of [keyOf(1), expired, keyOf(3, { expiresAt: null })]) await create(key, { now: 1000 })
    expect(await create(keyOf(4))).toBeNull()
    expect(await stored(expired.id)).toBeNull()
    await expect(create(keyOf(5), { claim, reply: 'sealed' })).rejects.toMatchObject({
      failure: { code: 'too_many_api_keys', max: 3 },
    })
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
    await apiKeys.revoke('key 1', acme, 1600)
    expect(await create(keyOf(5))).toBeNull()
    expect((await apiKeys.list(acme, { offset: 0, limit: 9 }))?.keys.map(({ id }) => id)).toEqual([
      'key 5',
      'key 4',
      'key 3',
    ])
  })
})
