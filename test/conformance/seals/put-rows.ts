import type { PutSeal } from '../../../src/core/ports/presigner'
import {
  type Attempt,
  hashes,
  isSame,
  type Lab,
  type Outcome,
  others,
  promised,
  type Row,
  type Signer,
  sealOf,
  type,
} from './lab'

const ttlSeconds = 300
const writeOnce = sealOf({ writeOnce: true })
const withMd5 = async () => sealOf({ md5: (await hashes(promised)).md5 })
const withSha256 = async () => sealOf({ sha256: (await hashes(promised)).sha256 })

/** What a presigned PUT promises, and what the store makes of a client that does otherwise. */
export const putRows: Row[] = [
  {
    id: 'put',
    claim: 'takes what was promised',
    async ask(lab) {
      const key = lab.newKey()
      const presigned = await lab.presigner().presignPut(key, sealOf(), ttlSeconds)
      const { text } = await lab.send(presigned, promised)
      const holds = isSame(await lab.read(key), promised) && (await lab.store.head(key))?.contentType === type
      return { holds, answer: text }
    },
  },
  refuses('put-longer', 'refuses a longer body', sealOf, { body: new Uint8Array(promised.length + 1) }),
  refuses('put-shorter', 'refuses a shorter body', sealOf, { body: promised.slice(1) }),
  {
    id: 'put-chunked',
    claim: 'refuses a body of undeclared length',
    ask: (lab) => refusedPut(lab, sealOf(), { body: undeclared(promised) }),
  },
  refuses('put-other-type', 'refuses another Content-Type', sealOf, {
    headers: { 'content-type': 'text/html' },
  }),
  refuses('put-no-type', 'refuses a dropped Content-Type', sealOf, { headers: { 'content-type': null } }),
  refuses('md5-other-bytes', 'refuses other bytes under Content-MD5', withMd5, { body: others }),
  {
    id: 'md5-changed',
    claim: 'refuses another Content-MD5, with its bytes',
    ask: async (lab) => {
      const md5 = Uint8Array.fromHex((await hashes(others)).md5).toBase64()
      return refusedPut(lab, await withMd5(), { body: others, headers: { 'content-md5': md5 } })
    },
  },
  refuses('md5-dropped', 'refuses a dropped Content-MD5', withMd5, {
    body: others,
    headers: { 'content-md5': null },
  }),
  refuses('sha256-other-bytes', 'refuses other bytes under x-amz-checksum-sha256', withSha256, {
    body: others,
  }),
  {
    id: 'sha256-changed',
    claim: 'refuses another x-amz-checksum-sha256, with its bytes',
    ask: async (lab) => {
      const sha256 = Uint8Array.fromHex((await hashes(others)).sha256).toBase64()
      return refusedPut(lab, await withSha256(), {
        body: others,
        headers: { 'x-amz-checksum-sha256': sha256 },
      })
    },
  },
  refuses('sha256-dropped', 'refuses a dropped x-amz-checksum-sha256', withSha256, {
    body: others,
    headers: { 'x-amz-checksum-sha256': null },
  }),
  {
    id: 'write-once',
    claim: 'takes a first PUT under If-None-Match: *',
    async ask(lab) {
      const key = lab.newKey()
      const { text } = await lab.send(await lab.presigner().presignPut(key, writeOnce, ttlSeconds), promised)
      return { holds: isSame(await lab.read(key), promised), answer: text }
    },
  },
  {
    id: 'write-once-second',
    claim: 'refuses a second PUT under If-None-Match: *, and keeps the first bytes',
    async ask(lab) {
      const key = lab.newKey()
      const presigned = await lab.presigner().presignPut(key, writeOnce, ttlSeconds)
      const first = await lab.send(presigned, promised)
      if (!first.ok) return notApplicable
      const { text } = await lab.send(presigned, others)
      return { holds: isSame(await lab.read(key), promised), answer: text }
    },
  },
  {
    id: 'metadata-added',
    claim: 'refuses x-amz-meta-* that was not signed',
    ask: (lab) => addedHeader(lab, 'x-amz-meta-added', 'by-the-client'),
  },
  {
    id: 'encoding-added',
    claim: 'refuses a Content-Encoding that was not signed',
    ask: (lab) => addedHeader(lab, 'content-encoding', 'x-odd'),
  },
  refuses('expired', 'refuses an expired URL', () => sealOf(), {}, { ageSeconds: ttlSeconds + 60 }),
  refuses('tampered', 'refuses a changed signature', () => sealOf(), {
    url: (url) =>
      url.replace(/(X-Amz-Signature=)(.)/, (_, name, digit) => name + (digit === '0' ? '1' : '0')),
  }),
  {
    id: 'other-key',
    claim: 'refuses the URL for another key',
    async ask(lab) {
      const [key, other] = [lab.newKey(), lab.newKey()]
      const presigned = await lab.presigner().presignPut(key, sealOf(), ttlSeconds)
      const { text } = await lab.send(presigned, promised, { url: (url) => url.replace(key, other) })
      return { holds: (await lab.store.head(other)) === null, answer: text }
    },
  },
]

const notApplicable: Outcome = { holds: null, answer: '' }

/** A row for a PUT that differs from what was sealed: it is refused if there is nothing at the key afterwards. */
function refuses(
  id: string,
  claim: string,
  seal: () => PutSeal | Promise<PutSeal>,
  attempt: Attempt,
  signer?: Signer,
): Row {
  return { id, claim, ask: async (lab) => refusedPut(lab, await seal(), attempt, signer) }
}

async function refusedPut(lab: Lab, seal: PutSeal, attempt: Attempt, signer?: Signer): Promise<Outcome> {
  const key = lab.newKey()
  const presigned = await lab.presigner(signer).presignPut(key, seal, ttlSeconds)
  const { text } = await lab.send(presigned, promised, attempt)
  return { holds: (await lab.store.head(key)) === null, answer: text }
}

/** The store may refuse it, drop it, or keep it with the object: the last is what must be known. */
async function addedHeader(lab: Lab, name: string, value: string): Promise<Outcome> {
  const key = lab.newKey()
  const presigned = await lab.presigner().presignPut(key, sealOf(), ttlSeconds)
  const { text } = await lab.send(presigned, promised, { headers: { [name]: value } })
  if ((await lab.store.head(key)) === null) return { holds: true, answer: text }
  const kept = (await lab.request('HEAD', key, '')).headers.get(name) === value
  return { holds: !kept, answer: `${text}, ${kept ? 'kept' : 'dropped'}` }
}

/** A stream that says nothing about its length. */
function undeclared(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}
