import type { ObjectKey } from '../../../src/core/ids'
import type { PutSeal } from '../../../src/core/ports/presigner'
import { isSame, type Lab, type Outcome, others, promised, type Row, type Signer, sealOf } from './lab'

const ttlSeconds = 300

/** `x-amz-copy-source` in the hands of a client, and CopyObject in those of the gateway. */
export const copyRows: Row[] = [
  {
    id: 'copy-source',
    claim: 'refuses x-amz-copy-source that was not signed',
    ask: (lab) => smuggled(lab, { seals: false }),
  },
  {
    id: 'seal',
    claim: 'takes a URL that seals x-amz-copy-source as absent',
    ask: (lab) => plainPut(lab, { seals: true }),
  },
  {
    id: 'copy-source-sealed',
    claim: 'refuses x-amz-copy-source that is sealed as absent',
    async ask(lab) {
      return (await lab.sealsCopySource()) ? smuggled(lab, { seals: true }) : { holds: null, answer: '' }
    },
  },
  {
    id: 'seal-auto',
    claim: 'lets S3_SEAL_COPY_SOURCE = "auto" find out the same',
    async ask(lab) {
      const found = await lab.sealsCopySource()
      const { holds } = await plainPut(lab, { seals: true })
      return { holds: found === holds, answer: `"${found}"` }
    },
  },
  {
    id: 'copy-onto-write-once',
    claim: 'refuses x-amz-copy-source onto an object that is there, under If-None-Match: *',
    async ask(lab) {
      const key = await lab.putObject(promised)
      const outcome = await smuggled(lab, { seals: false }, key, sealOf({ writeOnce: true }))
      return { ...outcome, holds: isSame(await lab.read(key), promised) }
    },
  },
  {
    id: 'put-only',
    claim: 'takes a PUT signed by the put-only principal, and lets the gateway read it',
    ask: async (lab) => (lab.hasPutOnly ? plainPut(lab, { putOnly: true }) : noPrincipal),
  },
  {
    id: 'copy-source-put-only',
    claim: 'refuses x-amz-copy-source to the put-only principal',
    ask: async (lab) => (lab.hasPutOnly ? smuggled(lab, { putOnly: true, seals: false }) : noPrincipal),
  },
  {
    id: 'copy-if-match',
    claim: 'CopyObject refuses a source that has another ETag than x-amz-copy-source-if-match',
    async ask(lab) {
      const to = lab.newKey()
      const { text } = await copy(lab, await lab.putObject(others), to, '"d41d8cd98f00b204e9800998ecf8427e"')
      return { holds: (await lab.store.head(to)) === null, answer: text }
    },
  },
  {
    id: 'copy-replace',
    claim: 'CopyObject replaces type and metadata under x-amz-metadata-directive: REPLACE',
    async ask(lab) {
      const from = await lab.putObject(others, { 'x-amz-meta-old': 'metadata' })
      const to = lab.newKey()
      const { text } = await copy(lab, from, to, `"${(await lab.store.head(from))?.etag}"`)
      const { headers } = await lab.request('HEAD', to, '')
      const isReplaced = headers.get('content-type') === 'image/png' && !headers.has('x-amz-meta-old')
      return { holds: isReplaced && isSame(await lab.read(to), others), answer: text }
    },
  },
]

const noPrincipal: Outcome = { holds: null, answer: 'none given' }

async function plainPut(lab: Lab, signer: Signer): Promise<Outcome> {
  const key = lab.newKey()
  const { text } = await lab.send(await lab.presigner(signer).presignPut(key, sealOf(), ttlSeconds), promised)
  return { holds: isSame(await lab.read(key), promised), answer: text }
}

/** A PUT to `key` that names another client's object as its source: did that object's bytes arrive? */
async function smuggled(
  lab: Lab,
  signer: Signer,
  key: ObjectKey = lab.newKey(),
  seal: PutSeal = sealOf(),
): Promise<Outcome> {
  const headers = { 'x-amz-copy-source': `${lab.bucket}/${await lab.putObject(others)}` }
  // Some servers want the one directive, some the other.
  const answers: string[] = []
  for (const directive of ['COPY', 'REPLACE']) {
    const presigned = await lab.presigner(signer).presignPut(key, seal, ttlSeconds)
    const attempt = { headers: { ...headers, 'x-amz-metadata-directive': directive } }
    answers.push((await lab.send(presigned, promised, attempt)).text)
    if (isSame(await lab.read(key), others)) return { holds: false, answer: `${answers.at(-1)}, copied` }
  }
  return { holds: true, answer: [...new Set(answers)].join(', ') }
}

function copy(lab: Lab, from: ObjectKey, to: ObjectKey, etag: string) {
  return lab.request('PUT', to, '', {
    headers: {
      'x-amz-copy-source': `${lab.bucket}/${from}`,
      'x-amz-copy-source-if-match': etag,
      'x-amz-metadata-directive': 'REPLACE',
      'content-type': 'image/png',
    },
  })
}
