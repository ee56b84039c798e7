import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import { lateArrivalMs } from '../../src/core/uploads/upload'
import { repositories } from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { deletions } = repositories
const [plain, edge, multipart] = ['plain', 'edge', 'multipart'] as ObjectKey[] as [
  ObjectKey,
  ObjectKey,
  ObjectKey,
]

const left = () => rows('SELECT object_key, due_at, watch_until FROM object_deletions ORDER BY object_key')

beforeEach(async () => {
  const insert = env.DB.prepare('INSERT INTO object_deletions VALUES (?1, ?2, ?3, ?4, ?5)')
  await env.DB.batch([
    insert.bind(multipart, 10, 5000, 'the id', 'multipart'),
    insert.bind(plain, 11, 11, null, null),
    insert.bind(edge, 11, 20 + 2 * lateArrivalMs, null, 'edge'),
    insert.bind('later', 13, 6000, null, null),
  ])
})

describe('the outbox', () => {
  it('tells what is due, oldest first, from where it was read last', async () => {
    const all = [
      { key: multipart, multipart: { method: 'multipart', id: 'the id' } },
      { key: edge, multipart: { method: 'edge', id: null } },
      { key: plain, multipart: null },
    ]
    expect(await deletions.due(12, 9, null)).toEqual({ objects: all, next: `11/${plain}` })
    const first = await deletions.due(12, 1, null)
    expect(first.objects).toEqual(all.slice(0, 1))
    expect(await deletions.due(12, 9, first.next)).toEqual({ objects: all.slice(1), next: `11/${plain}` })
    expect(await deletions.due(12, 9, `11/${plain}`)).toEqual({ objects: [], next: `11/${plain}` })
    expect(await left()).toHaveLength(4)
  })

  it('forgets what was deleted, but not where something may still come', async () => {
    await deletions.done([plain, edge, multipart], 1000, 300)
    expect(await left()).toEqual([
      // Half of the time that is left.
      { object_key: edge, due_at: 510 + lateArrivalMs, watch_until: 20 + 2 * lateArrivalMs },
      { object_key: 'later', due_at: 13, watch_until: 6000 },
      { object_key: multipart, due_at: 3000, watch_until: 5000 },
    ])
    await deletions.done([multipart, 'later' as ObjectKey], 4000, 300)
    expect((await left()).slice(1)).toEqual([
      { object_key: 'later', due_at: 5000, watch_until: 6000 },
      { object_key: multipart, due_at: 4500, watch_until: 5000 },
    ])
    await deletions.done([multipart], 4900, 300)
    expect((await left()).slice(2)).toEqual([{ object_key: multipart, due_at: 5000, watch_until: 5000 }])
  })

  it('has what could not be deleted wait, and nothing be due sooner by that', async () => {
    await deletions.postpone([plain, 'later' as ObjectKey], 12)
    expect((await left()).map(({ object_key, due_at }) => [object_key, due_at])).toEqual([
      [edge, 11],
      ['later', 13],
      [multipart, 10],
      [plain, 12],
    ])
  })
})
