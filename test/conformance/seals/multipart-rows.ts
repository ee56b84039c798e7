import type { ObjectKey } from '../../../src/core/ids'
import { partBytes } from '../../../src/core/uploads/part-writer'
import type { UploadedPart } from '../../../src/core/uploads/uploaded-part'
import { readXmlElement } from '../../../src/storage/s3/s3-xml'
import { bytesOf } from '../../storage/object-store-contract'
import {
  type Answer,
  type Attempt,
  hashes,
  isSame,
  type Lab,
  type Outcome,
  others,
  promised,
  type Row,
  type Signer,
} from './lab'

const ttlSeconds = 300

/** Multipart uploads whose parts the client PUTs. A last part may have any size, so one of few bytes does for most. */
export const multipartRows: Row[] = [
  {
    id: 'parts',
    claim: 'takes parts of the planned equal size, the last one shorter',
    async ask(lab) {
      const [key, pieces] = [lab.newKey(), [bytesOf(partBytes), bytesOf(partBytes, 1), bytesOf(1000, 2)]]
      const { answers } = await uploaded(lab, key, pieces)
      return { holds: await has(lab, key, pieces), answer: summary(answers) }
    },
  },
  {
    id: 'some-parts',
    claim: 'completes an upload of some of the parts that were put',
    async ask(lab) {
      const key = lab.newKey()
      const multipartId = await lab.createMultipart(key)
      const first = await sendPart(lab, key, { multipartId, partNumber: 1, bytes: promised })
      await sendPart(lab, key, { multipartId, partNumber: 2, bytes: others })
      const { text } = await complete(lab, key, multipartId, [bare(first.headers.get('etag'))])
      return { holds: await has(lab, key, [promised]), answer: text }
    },
  },
  {
    id: 'complete-again',
    claim: 'says the same again to a completion that is repeated',
    async ask(lab) {
      const key = lab.newKey()
      const { multipartId, answers } = await uploaded(lab, key, [promised])
      const again = await complete(lab, key, multipartId, [bare(answers[0]?.headers.get('etag') ?? null)])
      return { holds: again.ok && (await has(lab, key, [promised])), answer: again.text }
    },
  },
  {
    id: 'part-longer',
    claim: 'refuses a part that is longer than planned',
    ask: (lab) => refusedPart(lab, { body: new Uint8Array(promised.length + 1) }),
  },
  {
    id: 'part-shorter',
    claim: 'refuses a part that is shorter than planned',
    ask: (lab) => refusedPart(lab, { body: promised.slice(1) }),
  },
  {
    id: 'part-other-number',
    claim: "refuses the URL for another part's number",
    ask: (lab) => refusedPart(lab, { url: (url) => url.replace('partNumber=1', 'partNumber=2') }),
  },
  {
    id: 'part-expired',
    claim: 'refuses an expired part URL',
    ask: (lab) => refusedPart(lab, {}, { ageSeconds: ttlSeconds + 60 }),
  },
  {
    id: 'part-after-complete',
    claim: 'refuses a part after the upload was completed, and keeps the object',
    async ask(lab) {
      const key = lab.newKey()
      const { multipartId, completed } = await uploaded(lab, key, [promised])
      if (!completed.ok) return { holds: null, answer: completed.text }
      const late = await sendPart(lab, key, { multipartId, partNumber: 1, bytes: others })
      // Swift takes the part, and then cannot put the object together any more.
      const isKept = await has(lab, key, [promised]).catch(() => false)
      return { holds: !late.ok && isKept, answer: isKept ? late.text : `${late.text}, the object is broken` }
    },
  },
  {
    id: 'part-copy',
    claim: 'refuses x-amz-copy-source that was not signed on a part URL (UploadPartCopy)',
    ask: (lab) => smuggledPart(lab, { seals: false }),
  },
  {
    id: 'part-copy-sealed',
    claim: 'refuses x-amz-copy-source that is sealed as absent on a part URL',
    async ask(lab) {
      return (await lab.sealsCopySource()) ? smuggledPart(lab, { seals: true }) : { holds: null, answer: '' }
    },
  },
  {
    id: 'part-put-only',
    claim: 'takes a part signed by the put-only principal',
    async ask(lab) {
      if (!lab.hasPutOnly) return noPrincipal
      const key = lab.newKey()
      const { answers } = await uploaded(lab, key, [promised], { putOnly: true })
      return { holds: await has(lab, key, [promised]), answer: summary(answers) }
    },
  },
  {
    id: 'part-copy-put-only',
    claim: 'refuses x-amz-copy-source on a part URL to the put-only principal',
    ask: async (lab) => (lab.hasPutOnly ? smuggledPart(lab, { putOnly: true, seals: false }) : noPrincipal),
  },
  {
    id: 'list-parts',
    claim: 'ListParts tells the parts and their ETags',
    async ask(lab) {
      const key = lab.newKey()
      const multipartId = await lab.createMultipart(key)
      const { headers } = await sendPart(lab, key, { multipartId, partNumber: 1, bytes: promised })
      const { text } = await lab.request('GET', key, `uploadId=${encodeURIComponent(multipartId)}`)
      const listed = await lab.multipart.listParts(key, multipartId)
      const sent = { partNumber: 1, etag: bare(headers.get('etag')), byteSize: promised.length }
      const isRight =
        Array.isArray(listed) && JSON.stringify(listed.map(facts)) === JSON.stringify([facts(sent)])
      return { holds: isRight, answer: text }
    },
  },
  {
    id: 'list-uploads',
    claim: 'ListMultipartUploads tells what was begun for a key',
    async ask(lab) {
      const key = lab.newKey()
      const multipartId = await lab.createMultipart(key)
      const { text, body } = await lab.request('GET', '', `uploads=&prefix=${encodeURIComponent(key)}`)
      const xml = new TextDecoder().decode(body)
      return { holds: xml.includes(key) && xml.includes(`<UploadId>${multipartId}<`), answer: text }
    },
  },
  {
    id: 'unequal-parts',
    claim: 'refuses to complete parts of unequal sizes',
    async ask(lab) {
      const [key, pieces] = [lab.newKey(), [bytesOf(partBytes), bytesOf(partBytes + 1), bytesOf(10)]]
      const { completed } = await uploaded(lab, key, pieces)
      return { holds: (await lab.store.head(key)) === null, answer: completed.text }
    },
  },
  {
    id: 'wrong-etag',
    claim: "refuses to complete with an ETag that is not the part's",
    async ask(lab) {
      const key = lab.newKey()
      const multipartId = await lab.createMultipart(key)
      await sendPart(lab, key, { multipartId, partNumber: 1, bytes: promised })
      const { md5: etag } = await hashes(others)
      const { text } = await complete(lab, key, multipartId, [etag])
      return { holds: (await lab.store.head(key)) === null, answer: text }
    },
  },
  {
    id: 'abort',
    claim: 'takes no part after an abort, and completes nothing',
    async ask(lab) {
      const key = lab.newKey()
      const multipartId = await lab.createMultipart(key)
      const { headers } = await sendPart(lab, key, { multipartId, partNumber: 1, bytes: promised })
      await lab.multipart.abort(key, multipartId)
      const late = await sendPart(lab, key, { multipartId, partNumber: 2, bytes: promised })
      const completed = await complete(lab, key, multipartId, [bare(headers.get('etag'))])
      const isGone = (await lab.store.head(key)) === null
      return { holds: !late.ok && !completed.ok && isGone, answer: summary([late, completed]) }
    },
  },
]

const noPrincipal: Outcome = { holds: null, answer: 'none given' }

type SentPart = { multipartId: string; partNumber: number; bytes: Uint8Array<ArrayBuffer> }

async function sendPart(
  lab: Lab,
  key: ObjectKey,
  { bytes, ...part }: SentPart,
  attempt: Attempt = {},
  signer: Signer = {},
): Promise<Answer> {
  const sealed = { ...part, byteSize: bytes.length }
  const presigned = await lab.presigner(signer).presignPart(key, sealed, ttlSeconds)
  return lab.send(presigned, bytes, attempt)
}

/** A whole upload of `pieces`, one part each, as a client does it. `answers` are those to the parts, then the last. */
async function uploaded(lab: Lab, key: ObjectKey, pieces: Uint8Array<ArrayBuffer>[], signer: Signer = {}) {
  const multipartId = await lab.createMultipart(key)
  const answers: Answer[] = []
  for (const [at, bytes] of pieces.entries())
    answers.push(await sendPart(lab, key, { multipartId, partNumber: at + 1, bytes }, {}, signer))
  const etags = answers.map(({ headers }) => bare(headers.get('etag')))
  const completed = await complete(lab, key, multipartId, etags)
  return { multipartId, completed, answers: [...answers, completed] }
}

/** By itself, not through the adapter, which says less than the store's answer. */
function complete(lab: Lab, key: ObjectKey, multipartId: string, etags: string[]): Promise<Answer> {
  const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  return lab.request('POST', key, `uploadId=${encodeURIComponent(multipartId)}`, {
    headers: { 'content-type': 'application/xml' },
    body: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
  })
}

/** A part that differs from what was sealed. Where the store cannot list parts, its answer has to be believed. */
async function refusedPart(lab: Lab, attempt: Attempt, signer?: Signer): Promise<Outcome> {
  const key = lab.newKey()
  const multipartId = await lab.createMultipart(key)
  const sent = await sendPart(lab, key, { multipartId, partNumber: 1, bytes: promised }, attempt, signer)
  const listed = await lab.multipart.listParts(key, multipartId)
  const isTaken = Array.isArray(listed) && listed.length > 0
  return { holds: !sent.ok && !isTaken, answer: sent.text }
}

/** A part whose URL is made to name another client's object as its source: do that object's bytes come out? */
async function smuggledPart(lab: Lab, signer: Signer): Promise<Outcome> {
  const source = { 'x-amz-copy-source': `${lab.bucket}/${await lab.putObject(others)}` }
  const answers: Answer[] = []
  for (const range of [{}, { 'x-amz-copy-source-range': `bytes=0-${others.length - 1}` }]) {
    const key = lab.newKey()
    const multipartId = await lab.createMultipart(key)
    const part = { multipartId, partNumber: 1, bytes: promised }
    const sent = await sendPart(lab, key, part, { headers: { ...source, ...range } }, signer)
    answers.push(sent)
    // UploadPartCopy has its ETag in the document, UploadPart in a header.
    const inDocument = readXmlElement(new TextDecoder().decode(sent.body), 'ETag')
    await complete(lab, key, multipartId, [bare(inDocument ?? sent.headers.get('etag'))])
    if (await has(lab, key, [others])) return { holds: false, answer: `${sent.text}, copied` }
  }
  return { holds: true, answer: summary(answers) }
}

async function has(lab: Lab, key: ObjectKey, pieces: Uint8Array<ArrayBuffer>[]): Promise<boolean> {
  const expected = new Uint8Array(await new Blob(pieces).arrayBuffer())
  return isSame(await lab.read(key), expected)
}

function summary(answers: Answer[]): string {
  return [...new Set(answers.map(({ text }) => text))].join(', ')
}

function facts({ partNumber, etag, byteSize }: UploadedPart) {
  return [partNumber, etag, byteSize]
}

function bare(etag: string | null): string {
  return (etag ?? '').replaceAll('"', '')
}
