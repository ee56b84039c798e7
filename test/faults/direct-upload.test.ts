import { describe } from 'vitest'
import { blobOf, type Checked } from '../support/direct-upload'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { bodyOf } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

/** A blob of "hello" for which `bytes` have come; its signed id. */
async function arrived({ directUpload }: Client, bytes: string, algorithm: Checked['algorithm']) {
  const blob = await blobOf('hello', {}, { algorithm })
  const made = await bodyOf(await directUpload.create(blob))
  const { url, headers } = bytes === 'hello' ? made.direct_upload : ofCarelessStore(made.direct_upload)
  await put(url, headers, bytes)
  return made.signed_id as string
}

/** What a client may do where the store looks neither at signed headers nor at checksums. */
function ofCarelessStore(direct: { url: string; headers: Record<string, string> }) {
  const url = new URL(direct.url)
  url.searchParams.set('X-Amz-SignedHeaders', 'host')
  return { url: url.href, headers: { 'content-type': direct.headers['content-type'] ?? 'text/plain' } }
}

const get = ({ directUpload }: Client, signedId: string) => directUpload.get(signedId)
const size = (body: { byte_size: number }) => body.byte_size

add({
  name: 'a blob that is made',
  isStoreless: true,
  prepare: () => blobOf('hello'),
  act: ({ directUpload }, blob) => directUpload.create(blob, once),
  answers: [200],
  made: (body: { id: string }) => body.id,
  files: 1,
})
add({
  name: 'a blob that is made without a key',
  isStoreless: true,
  prepare: () => blobOf('hello'),
  act: ({ directUpload }, blob) => directUpload.create(blob),
  answers: [200],
  files: 1,
  isKeyless: true,
})
add({
  name: 'a look-up that settles by the MD5',
  ends: 'ready',
  prepare: (client) => arrived(client, 'hello', 'MD5'),
  act: get,
  answers: [200],
  made: size,
  files: 1,
})
add({
  name: 'a look-up that settles where a URL works again and again',
  triesAll: true,
  prepare: (client) => arrived(client, 'hello', 'SHA-256'),
  act: get,
  answers: [200],
  made: size,
  files: 1,
  bindings: { S3_WRITE_ONCE: 'false' },
})
add({
  name: 'a look-up that refuses',
  ends: 'error',
  prepare: (client) => arrived(client, 'jello', 'MD5'),
  act: get,
  answers: [404],
  files: 1,
})

describe('Direct Upload: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
