import { beforeEach, expect, it } from 'vitest'
import type { OrganizationId } from '../../src/core/ids'
import { acme, claim, other, putOrganizations, repositories, sha256 } from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { idempotencyKeys } = repositories
const holder = { organizationId: acme, requestId: 'request 1' }

beforeEach(putOrganizations)

it('a key is taken once, and all that is kept of it is told to the next request', async () => {
  const record = {
    organizationId: acme,
    fingerprint: claim.fingerprint,
    subjectId: 'request 1',
    reply: expect.any(Function),
    lockedUntil: claim.lockedUntil,
  }
  expect(await idempotencyKeys.take(holder, claim, 6000)).toEqual(record)
  expect(await rows('SELECT * FROM idempotency_records')).toEqual([
    {
      organization_id: acme,
      idempotency_key: claim.key,
      fingerprint: claim.fingerprint,
      subject_id: 'request 1',
      reply: 'null',
      locked_until: claim.lockedUntil,
      expires_at: claim.expiresAt,
    },
  ])
  const second = await idempotencyKeys.take(
    { ...holder, requestId: 'request 2' },
    { ...claim, fingerprint: sha256('d'), lockedUntil: 1, expiresAt: 2 },
    6000,
  )
  expect(second).toEqual(record)
  expect(second?.reply?.()).toBeNull()
})

it('a key is free after its time, in another organization, and when it was given back', async () => {
  await idempotencyKeys.take(holder, claim, 6000)
  const theirs = { organizationId: other, requestId: 'request 2' }
  expect(await idempotencyKeys.take(theirs, claim, 6000)).toMatchObject({
    organizationId: other,
    subjectId: 'request 2',
  })
  const third = { ...holder, requestId: 'request 3' }
  expect(await idempotencyKeys.take(third, claim, claim.expiresAt - 1)).toMatchObject({
    subjectId: 'request 1',
  })
  await idempotencyKeys.release(third, claim)
  expect(await rows('SELECT subject_id FROM idempotency_records ORDER BY 1')).toHaveLength(2)
  await idempotencyKeys.release(holder, claim)
  expect(await rows('SELECT subject_id FROM idempotency_records')).toEqual([{ subject_id: 'request 2' }])
  expect(await idempotencyKeys.take(theirs, claim, claim.expiresAt)).toMatchObject({ subjectId: 'request 2' })
  const nowhere = { organizationId: 'nowhere' as OrganizationId, requestId: 'request 4' }
  expect(await idempotencyKeys.take(nowhere, claim, 6000)).toBeNull()
})

it('keys are forgotten after their time, so many at once, and it is said how many', async () => {
  for (const index of [1, 2, 3])
    await idempotencyKeys.take(holder, { ...claim, key: `key ${index}`, expiresAt: 6200 + index }, 6000)
  expect(await idempotencyKeys.forget(6200, 9)).toBe(0)
  expect(await idempotencyKeys.forget(6202, 1)).toBe(1)
  expect(await idempotencyKeys.forget(6202, 9)).toBe(1)
  expect(await rows('SELECT idempotency_key FROM idempotency_records')).toEqual([
    { idempotency_key: 'key 3' },
  ])
})
