import { describe, expect } from 'vitest'
import { sha256Of } from '../../src/core/ids'
import { contentOf } from '../support/append'
import type { Client } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { Scenario } from '../support/fault-trials'
import type { CallInit } from '../support/worker'

const mebibyte = 1024 ** 2
const version = { 'tus-resumable': '1.0.0' }
const stream = { ...version, 'content-type': 'application/offset+octet-stream' }

/** An upload as a client knows it. */
type Sent = {
  path: string
  bytes: Uint8Array<ArrayBuffer>
  sha256: string
  /** Where each request ends, unless it goes on from elsewhere. */
  ends: readonly number[]
  isDeferred: boolean
  hasChecksum: boolean
  /** As far as the client was told that bytes are kept. */
  acknowledged: number
}

type Plan = Partial<Pick<Sent, 'isDeferred' | 'hasChecksum'>> & { byteSize: number; ends: readonly number[] }

/** By their number: to make and hash them takes longer than to upload them. */
const contents = new Map<number, Pick<Sent, 'bytes' | 'sha256'>>()

async function contentAndDigest(byteSize: number): Promise<Pick<Sent, 'bytes' | 'sha256'>> {
  const bytes = contentOf(byteSize)
  return { bytes, sha256: await sha256Of(bytes) }
}

async function begin(
  client: Client,
  { byteSize, ends, isDeferred = false, hasChecksum = false }: Plan,
): Promise<Sent> {
  const length = isDeferred ? { 'upload-defer-length': '1' } : { 'upload-length': String(byteSize) }
  const answer = await client.call('POST', '/tus', { headers: { ...version, ...length } })
  expect(answer.status).toBe(201)
  const path = new URL(answer.headers.get('location') ?? '').pathname
  const content = contents.get(byteSize) ?? (await contentAndDigest(byteSize))
  contents.set(byteSize, content)
  return { path, ...content, ends, isDeferred, hasChecksum, acknowledged: 0 }
}

/**
 * Goes on as a client does: asks for the offset, sends what is missing, and asks again when it is refused. Answers as the
 * server does when it fails, and in the end with what the file has.
 */
async function goOn(client: Client, sent: Sent): Promise<Response> {
  const { path, bytes } = sent
  const call = async (method: string, init: CallInit) => {
    const answer = await client.call(method, path, init)
    // A client that was told of bytes is never told of fewer.
    const offset = Number(answer.headers.get('upload-offset') ?? sent.acknowledged)
    expect(offset, 'the offset').toBeGreaterThanOrEqual(sent.acknowledged)
    if (answer.ok) sent.acknowledged = offset
    return answer
  }
  for (let tries = 0; tries < 20; tries++) {
    const head = await call('HEAD', { headers: version })
    if (!head.ok) return head
    const from = Number(head.headers.get('upload-offset'))
    if (from === bytes.length && head.headers.has('upload-length')) return outcome(client, sent)
    const to = sent.ends.find((end) => end > from) ?? bytes.length
    const patch = await call('PATCH', {
      headers: await headersOf(sent, from, to),
      body: bytes.slice(from, to),
    })
    if (!patch.ok && ![409, 423].includes(patch.status)) return patch
  }
  throw new Error('the upload does not end')
}

async function headersOf({ bytes, isDeferred, hasChecksum }: Sent, from: number, to: number) {
  const digest = hasChecksum ? await crypto.subtle.digest('SHA-1', bytes.slice(from, to)) : null
  return {
    ...stream,
    'upload-offset': String(from),
    ...(isDeferred && to === bytes.length ? { 'upload-length': String(bytes.length) } : {}),
    ...(digest === null ? {} : { 'upload-checksum': `sha1 ${new Uint8Array(digest).toBase64()}` }),
  }
}

/** What has become of the upload, by its bytes. */
async function outcome(client: Client, { path, sha256 }: Sent): Promise<Response> {
  const id = path.split('/').at(-1)
  const answer = await client.call('GET', `/v1/files/${id}/content?redirect=false`)
  if (answer.status >= 500) return answer
  expect(answer.status).toBe(200)
  expect(await sha256Of(new Uint8Array(await answer.arrayBuffer())), 'the bytes').toBe(sha256)
  return Response.json({ id, sha256 })
}

const upload = (name: string, plan: Plan, more: Partial<Scenario<Sent>> = {}): Scenario<Sent> => ({
  name,
  prepare: (client) => begin(client, plan),
  act: goOn,
  answers: [200],
  made: (body: unknown) => body,
  files: 1,
  ends: 'ready',
  ...more,
})

describe('tus: no byte that was acknowledged is lost, and the invariants hold, after a fault at any step, a retry and sweeps', () => {
  itSurvives([
    upload('an upload of one part in two portions', { byteSize: 1000, ends: [400] }, { triesAll: true }),
    upload('an upload with checksums', { byteSize: 1000, ends: [400], hasChecksum: true }),
    upload('an upload without a length', { byteSize: 1000, ends: [400], isDeferred: true }),
    upload('an upload without a length and without bytes', { byteSize: 0, ends: [], isDeferred: true }),
    upload(
      'an upload of two parts in portions that are none',
      { byteSize: 5 * mebibyte + 17, ends: [3 * mebibyte, 5 * mebibyte + 5] },
      // Of the object only the beginning is read in the end.
      // What differs by the effect of a call and when it comes; how a call fails is tried with the small ones.
      {
        isLarge: true,
        bindings: { HASH_MAX_BYTES: '1048576' },
        faults: ['before', 'after', 'die', 'late', 'later'],
      },
    ),
    {
      name: 'a creation with all bytes',
      prepare: async () => {},
      act: (client: Client) =>
        client.call('POST', '/tus', { headers: { ...stream, 'upload-length': '5' }, body: 'hello' }),
      answers: [201],
      files: 1,
      isKeyless: true,
    },
    {
      name: 'a creation of an upload in parts under a key',
      prepare: async () => {},
      act: async (client: Client) => {
        const headers = { ...version, 'upload-length': String(6 * mebibyte), 'idempotency-key': 'once' }
        const answer = await client.call('POST', '/tus', { headers })
        if (!answer.ok) return answer
        return Response.json(
          { path: new URL(answer.headers.get('location') ?? '').pathname },
          { status: 201 },
        )
      },
      answers: [201],
      made: ({ path }: { path: string }) => path,
      files: 1,
    },
    {
      name: 'a termination',
      prepare: async (client: Client) => {
        const sent = await begin(client, { byteSize: 6 * mebibyte, ends: [] })
        await client.call('PATCH', sent.path, {
          headers: { ...stream, 'upload-offset': '0' },
          body: contentOf(100),
        })
        return sent
      },
      act: (client: Client, { path }: Sent) => client.call('DELETE', path, { headers: version }),
      answers: [204, 410],
      files: 1,
      ends: 'failed',
    },
  ])
})
