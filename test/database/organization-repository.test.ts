import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { acme, other, repositories } from '../support/entities'
import '../support/fresh-storage'

const { organizations } = repositories

describe('organizations', () => {
  it('are kept whole, and told to be new once', async () => {
    const put = { id: acme, name: 'the name', quotaBytes: 4, now: 5 }
    const kept = {
      id: acme,
      name: 'the name',
      quotaBytes: 4,
      usedBytes: 0,
      reservedBytes: 0,
      pendingUploads: 0,
      createdAt: 5,
    }
    expect(await organizations.put(put)).toEqual({ organization: kept, created: true })
    expect(await organizations.find(acme)).toEqual(kept)
    const changed = { ...kept, name: 'another name', quotaBytes: null }
    expect(await organizations.put({ id: acme, name: 'another name', quotaBytes: null, now: 6 })).toEqual({
      organization: changed,
      created: false,
    })
    expect(await organizations.find(acme)).toEqual(changed)
    expect(await organizations.find(other)).toBeNull()
  })

  it('have their usage, below which no quota may be', async () => {
    await organizations.put({ id: acme, name: 'a', quotaBytes: 50, now: 5 })
    await env.DB.prepare(
      'UPDATE organizations SET used_bytes = 11, reserved_bytes = 22, pending_uploads = 3, pending_uploads_max = 4',
    ).run()
    const found = await organizations.find(acme)
    expect(found).toMatchObject({ usedBytes: 11, reservedBytes: 22, pendingUploads: 3 })
    await expect(organizations.put({ id: acme, name: 'b', quotaBytes: 32, now: 6 })).rejects.toMatchObject({
      failure: { code: 'quota_below_usage', usedBytes: 11, reservedBytes: 22 },
    })
    expect(await organizations.find(acme)).toEqual(found)
  })

  it('are there when the database is checked', async () => {
    await expect(repositories.checkDatabase()).resolves.toBeUndefined()
    await env.DB.exec('ALTER TABLE organizations RENAME TO gone')
    await expect(repositories.checkDatabase()).rejects.toMatchObject({ failure: { code: 'database_failed' } })
  })
})
