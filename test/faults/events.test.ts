import { env } from 'cloudflare:workers'
import { describe, expect } from 'vitest'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { bodyOf, rows } from '../support/worker'

const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

type Event = { action: string; bucket: string; object: { key: string; eTag: string } }

/** A pending upload whose bytes have come, and what the store says of them. */
async function arrived({ quantcdn }: Client, action: string): Promise<{ fileId: string; event: Event }> {
  const presign = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
  const { fileId, uploadUrl } = await bodyOf(await quantcdn.upload(presign))
  const answer = await put(uploadUrl, { 'content-type': 'text/plain' }, 'hello')
  const key = decodeURIComponent(new URL(uploadUrl).pathname).replace('/slipway/', '')
  const eTag = answer.headers.get('etag')?.replaceAll('"', '') ?? ''
  return { fileId, event: { action, bucket: 'slipway', object: { key, eTag } } }
}

/** Delivers the events; then what the file has become is as bad as no answer unless it is `status`. */
async function deliver({ isolate }: Client, events: Event[], fileId: string, status: string) {
  const answer = await isolate.deliverEvents(events)
  if (answer.status !== 200) return answer
  expect(await rows('SELECT status FROM files WHERE uuid = ?1', fileId)).toEqual([{ status }])
  return answer
}

add({
  name: 'bytes that were put, together with bytes that no upload awaits',
  triesAll: true,
  prepare: (client) => arrived(client, 'PutObject'),
  act: (client, { event, fileId }) => {
    const stray = { ...event, object: { ...event.object, key: '_incoming/nobody/nothing' } }
    return deliver(client, [event, stray], fileId, 'ready')
  },
  answers: [200],
  files: 1,
})
add({
  name: 'bytes that came through a URL whose upload is over',
  prepare: async (client) => {
    const { fileId, event } = await arrived(client, 'PutObject')
    expect((await client.quantcdn.get(fileId)).status).toBe(200)
    await env.BUCKET.put(event.object.key, 'later')
    return { fileId, event }
  },
  act: async (client, { event, fileId }) => {
    const answer = await deliver(client, [event], fileId, 'ready')
    if (answer.status === 200) expect(await env.BUCKET.head(event.object.key)).toBeNull()
    return answer
  },
  answers: [200],
  files: 1,
})
add({
  name: 'a copy under the key of an upload',
  ends: 'error',
  prepare: (client) => arrived(client, 'CopyObject'),
  act: (client, { event, fileId }) => deliver(client, [event], fileId, 'error'),
  answers: [200],
  files: 1,
})
add({
  name: 'a copy that was taken for the bytes of an upload',
  ends: 'error',
  prepare: async (client) => {
    const found = await arrived(client, 'CopyObject')
    expect((await client.quantcdn.get(found.fileId)).status).toBe(200)
    return found
  },
  act: (client, { event, fileId }) => deliver(client, [event], fileId, 'error'),
  answers: [200],
  files: 1,
})
add({
  name: 'bytes of a file that is ready',
  prepare: async (client) => {
    const found = await arrived(client, 'PutObject')
    expect((await client.quantcdn.get(found.fileId)).status).toBe(200)
    return found
  },
  act: (client, { event, fileId }) => deliver(client, [event], fileId, 'ready'),
  answers: [200],
  files: 1,
})

describe('events of the store: the invariants hold after a fault at any step, another delivery and sweeps', () => {
  itSurvives(scenarios)
})
