import { describe } from 'vitest'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { base64, pngBytes } from '../support/quantcdn'
import { bodyOf } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const hello = { content: base64('hello'), contentType: 'text/plain', metadata: { a: 1 } }
const nothing = async () => null
const fileId = (body: { fileId: string }) => body.fileId
const presign = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }

/** A file whose `bytes` have come. */
async function arrived({ quantcdn }: Client, bytes: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const { fileId, uploadUrl } = await bodyOf(await quantcdn.upload({ ...presign, size: bytes.length }))
  await put(uploadUrl, { 'content-type': 'text/plain' }, bytes)
  return fileId
}

const get = ({ quantcdn }: Client, id: string) => quantcdn.get(id)
const remove = ({ quantcdn }: Client, id: string) => quantcdn.delete(id)

const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

add({
  name: 'an upload',
  ends: 'ready',
  prepare: nothing,
  act: ({ quantcdn }) => quantcdn.upload(hello, once),
  answers: [201],
  made: fileId,
  files: 1,
})
add({
  name: 'an upload of known bytes',
  isStoreless: true,
  ends: 'ready',
  prepare: ({ quantcdn }) => quantcdn.stored('hello'),
  act: ({ quantcdn }) => quantcdn.upload(hello, once),
  answers: [201],
  made: fileId,
  files: 2,
})
add({
  name: 'an upload without a key',
  prepare: nothing,
  act: ({ quantcdn }) => quantcdn.upload(hello),
  answers: [201],
  files: 1,
  isKeyless: true,
})
add({
  name: 'a presign',
  isStoreless: true,
  prepare: nothing,
  act: ({ quantcdn }) => quantcdn.upload(presign, once),
  answers: [201],
  made: fileId,
  files: 1,
})
add({
  name: 'a presign in parts',
  prepare: nothing,
  act: ({ quantcdn }) => quantcdn.upload({ ...presign, size: 6 * 1024 ** 3 }, once),
  answers: [201],
  made: fileId,
  files: 1,
})
add({
  name: 'a read that settles, the bytes through the Worker',
  triesAll: true,
  ends: 'ready',
  prepare: (client) => arrived(client, 'hello'),
  act: get,
  answers: [200],
  made: (body: { size: number }) => body.size,
  files: 1,
})
add({
  name: 'a read that settles, the bytes by CopyObject',
  ends: 'ready',
  prepare: (client) => arrived(client, 'hello'),
  act: get,
  answers: [200],
  made: (body: { size: number }) => body.size,
  files: 1,
  bindings: { HASH_MAX_BYTES: '1' },
})
add({
  name: 'a read that refuses',
  ends: 'error',
  prepare: (client) => arrived(client, pngBytes),
  act: get,
  answers: [404],
  files: 1,
})
add({
  name: 'a deletion',
  prepare: ({ quantcdn }) => quantcdn.stored('hello'),
  act: remove,
  answers: [200, 404],
  files: 0,
  isUnrepeatable: true,
})
add({
  name: 'a deletion of shared bytes',
  isStoreless: true,
  prepare: async ({ quantcdn }) => {
    await quantcdn.stored('hello')
    return quantcdn.stored('hello')
  },
  act: remove,
  answers: [200, 404],
  files: 1,
  isUnrepeatable: true,
})
add({
  name: 'a deletion of what has just come',
  prepare: (client) => arrived(client, 'hello'),
  act: remove,
  answers: [200, 404],
  files: 0,
  isUnrepeatable: true,
})
add({
  name: 'a deletion of an upload in parts',
  prepare: async ({ quantcdn }) =>
    (await bodyOf(await quantcdn.upload({ ...presign, size: 6 * 1024 ** 3 }))).fileId as string,
  act: remove,
  answers: [200, 404],
  files: 0,
  isUnrepeatable: true,
})

describe('QuantCDN: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
