import { beforeEach, describe, expect, it } from 'vitest'
import type { Association, ResourceType } from '../../src/core/associations/association'
import type { AddAssociation } from '../../src/core/ports/association-repository'
import {
  acme,
  claim,
  fileOf,
  other,
  putOrganizations,
  repositories,
  settled,
  sha256,
} from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { associations } = repositories
const file = { organizationId: acme, id: fileOf(1).id }

function association(type: ResourceType, id: string, createdAt: number): Association {
  return { resource: { type, id }, createdAt }
}

const chat = association('chat', 'the chat', 30)
const dataset = association('dataset', 'the dataset', 20)

const add = (tie: Association, more: Partial<AddAssociation> = {}) =>
  associations.add({ file, association: tie, max: 2, claim: null, now: 6000, ...more })

beforeEach(async () => {
  await putOrganizations()
  await settled(1)
})

describe('associations', () => {
  it('are kept whole, oldest first, once each, and as many as there may be', async () => {
    const added = { hasFile: true, association: chat, record: null }
    expect(await add(chat)).toEqual(added)
    expect(await add(dataset)).toEqual({ ...added, association: dataset })
    expect(await associations.of(acme, file.id)).toEqual([dataset, chat])
    expect(await add({ ...chat, createdAt: 40 })).toEqual(added)
    const third = association('chat', 'another chat', 50)
    expect(await add(third)).toEqual({ ...added, association: null })
    expect(await associations.of(acme, file.id)).toEqual([dataset, chat])
    expect(await associations.of(other, file.id)).toEqual([])
    const theirs = { organizationId: other, id: file.id }
    expect(await add(chat, { file: theirs })).toEqual({ hasFile: false, association: null, record: null })
  })

  it('are removed one by one', async () => {
    await add(chat)
    await add(dataset)
    expect(await associations.remove(other, file.id, chat.resource)).toBe(false)
    expect(await associations.remove(acme, file.id, { type: 'chat', id: 'the dataset' })).toBe(true)
    expect(await associations.of(acme, file.id)).toEqual([dataset, chat])
    expect(await associations.remove(acme, file.id, chat.resource)).toBe(true)
    expect(await associations.of(acme, file.id)).toEqual([dataset])
    expect(await associations.remove(acme, fileOf(2).id, chat.resource)).toBe(false)
  })

  it('are added once under an idempotency key, whose reply is the association', async () => {
    const own = { ...claim, requestId: 'request 1' }
    expect(await add(chat, { claim: own })).toEqual({ hasFile: true, association: chat, record: null })
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([
      {
        organization_id: acme,
        idempotency_key: claim.key,
        fingerprint: claim.fingerprint,
        subject_id: 'request 1',
        reply: JSON.stringify({ resource_type: 'chat', resource_id: 'the chat', created_at: 30 }),
        locked_until: claim.lockedUntil,
        expires_at: claim.expiresAt,
      },
    ])
    const again = await add(dataset, { claim: { ...own, requestId: 'request 2', fingerprint: sha256('d') } })
    expect(again).toEqual({
      hasFile: true,
      association: null,
      record: {
        organizationId: acme,
        fingerprint: claim.fingerprint,
        subjectId: 'request 1',
        reply: expect.any(Function),
        lockedUntil: claim.lockedUntil,
      },
    })
    expect(again.record?.reply?.()).toEqual(chat)
    const later = { claim: { ...own, requestId: 'request 3' }, now: claim.expiresAt }
    expect(await add(dataset, later)).toMatchObject({ association: dataset, record: null })
  })
})
