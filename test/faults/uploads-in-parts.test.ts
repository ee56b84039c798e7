import { describe } from 'vitest'
import { bytesOf } from '../storage/object-store-contract'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { Scenario } from '../support/fault-trials'
import { r2, s3 } from '../support/start-over'
import { bodyOf } from '../support/worker'

/** Just over the least size of a part. */
const bytes = bytesOf(5 * 1024 ** 2 + 1)
const json = {
  filename: 'big.bin',
  contentType: 'application/octet-stream',
  size: bytes.length,
  multipart: true,
  partSize: 5 * 1024 ** 2,
}

/** An upload all parts of which have come. */
async function arrived(client: Client) {
  const { id, parts } = await bodyOf(await client.call('POST', '/v1/uploads', { json }))
  const named: { partNumber: number; etag: string | null }[] = []
  let at = 0
  for (const { partNumber, url, headers, size } of parts) {
    const answer = await put(url, headers, bytes.subarray(at, at + size))
    named.push({ partNumber, etag: answer.headers.get('etag') })
    at += size
  }
  return { id: id as string, named }
}

const complete: Omit<Scenario<{ id: string; named: unknown }>, 'name' | 'act'> = {
  prepare: arrived,
  answers: [200],
  made: (body: { id: string; status: string }) => [body.id, body.status],
  files: 1,
  isLarge: true,
  // Not all bytes are read, which is what promotions by CopyObject are tested with.
  bindings: { HASH_MAX_BYTES: '1048576' },
}

describe('uploads in parts: the invariants hold after a fault at any step, a retry and sweeps', () => {
  // Parts go through the S3 endpoint in either case.
  itSurvives(
    [
      {
        ...complete,
        name: 'a completion by the parts that the store lists, under a key',
        act: (client: Client, { id }: { id: string }) =>
          client.call('POST', `/v1/uploads/${id}/complete`, { headers: { 'idempotency-key': 'once' } }),
      },
    ],
    [r2],
  )
  itSurvives(
    [
      {
        ...complete,
        name: 'a completion by the parts that the client names',
        act: (client: Client, { id, named }: { id: string; named: unknown }) =>
          client.call('POST', `/v1/uploads/${id}/complete`, { json: { parts: named } }),
      },
    ],
    [{ ...s3, lists: false }],
  )
})
