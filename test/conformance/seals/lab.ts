import { AwsClient } from 'aws4fetch'
import { inject } from 'vitest'
import { digestOf } from '../../../src/core/contents/digest'
import { type Md5, type ObjectKey, sha256Of } from '../../../src/core/ids'
import type { MultipartStore } from '../../../src/core/ports/multipart-store'
import type { ObjectStore } from '../../../src/core/ports/object-store'
import type { PresignedPut, Presigner, PutSeal } from '../../../src/core/ports/presigner'
import { createCopySourceSeal } from '../../../src/storage/s3/copy-source-seal'
import { createS3Client, type S3Client } from '../../../src/storage/s3/s3-client'
import { createS3MultipartStore } from '../../../src/storage/s3/s3-multipart-store'
import { createS3ObjectStore } from '../../../src/storage/s3/s3-object-store'
import { createS3Presigner } from '../../../src/storage/s3/s3-presigner'
import { bytesOf, newKey } from '../../storage/object-store-contract'

/** What came back from the store, read to its end. */
export type Answer = {
  ok: boolean
  /** "403 AccessDenied", or "connection closed" where a server hangs up on a body it does not want. */
  text: string
  headers: Headers
  body: Uint8Array<ArrayBuffer>
}

export type Attempt = {
  /** Instead of the promised bytes. */
  body?: BodyInit
  /** Added to what the URL was signed with, or in its place; null: left out. */
  headers?: Record<string, string | null>
  /** What becomes of the URL. */
  url?: (url: string) => string
}

/** What a row of the table has learned. `holds` null: does not apply to this store or these credentials. */
export type Outcome = { holds: boolean | null; answer: string }

/** One row of the table: an attempt on the store, judged by what is in the bucket afterwards. */
export type Row = { id: string; claim: string; ask: (lab: Lab) => Promise<Outcome> }

/**
 * `seals`: whether `x-amz-copy-source` is signed as absent; when not said, as the gateway does by itself.
 * `ageSeconds`: how long ago the URL was signed.
 */
export type Signer = { seals?: boolean; ageSeconds?: number; putOnly?: boolean }

/** The store under examination, the gateway's own adapters over it, and the means to send what they would not. */
export type Lab = {
  bucket: string
  store: ObjectStore
  multipart: MultipartStore
  hasPutOnly: boolean
  presigner(signer?: Signer): Presigner
  /** What `S3_SEAL_COPY_SOURCE = "auto"` finds out. */
  sealsCopySource(): Promise<boolean>
  newKey(): ObjectKey
  /** An object of these bytes, put with the gateway's own credentials. */
  putObject(bytes: Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<ObjectKey>
  read(key: ObjectKey): Promise<Uint8Array | null>
  /** A request signed in its headers, everything in them covered. */
  request(method: string, key: string, query: string, init?: RequestInit): Promise<Answer>
  /** Does with `presigned` what a client does, or what `attempt` changes about it. */
  send(presigned: PresignedPut, body: BodyInit, attempt?: Attempt): Promise<Answer>
  createMultipart(key: ObjectKey): Promise<string>
  /** Aborts every multipart upload that was begun here, completed ones too: they are not there any more. */
  abortAll(): Promise<void>
}

export const type = 'text/plain'
/** What is promised, and what another client's object has: as long, to leave only the bytes to tell them apart. */
export const promised = bytesOf(26)
export const others = bytesOf(26, 1)

export function createLab(): Lab {
  const { endpoint, region, bucket, credentials, uploadCredentials } = inject('conformance')
  const client = createS3Client({ endpoint, region, bucket, credentials, uploadCredentials: null })
  const putOnly = createS3Client({ endpoint, region, bucket, credentials, uploadCredentials })
  const store = createS3ObjectStore(client)
  const multipart = createS3MultipartStore(client)
  const signed = new AwsClient({ ...credentials, service: 's3', region, retries: 0 })
  const begun: { key: ObjectKey; multipartId: string }[] = []

  const lab: Lab = {
    bucket,
    store,
    multipart,
    hasPutOnly: uploadCredentials !== null,
    newKey,
    presigner(signer = {}) {
      const { seals } = signer
      const sealsCopySource = seals === undefined ? lab.sealsCopySource : async () => seals
      return presignerOf(signer.putOnly ? putOnly : client, signer, sealsCopySource)
    },
    sealsCopySource: createCopySourceSeal(
      client,
      () => Date.now(),
      () => {},
    ),

    async putObject(bytes, headers = {}) {
      const key = newKey()
      const answer = await lab.request('PUT', key, '', {
        body: bytes,
        headers: { 'content-type': type, ...headers },
      })
      if (!answer.ok) throw new Error(`an ordinary PUT was answered with ${answer.text}`)
      return key
    },

    async read(key) {
      const got = await store.get(key)
      return got && new Uint8Array(await new Response(got.body).arrayBuffer())
    },

    request(method, key, query, init = {}) {
      const url = `${endpoint}/${bucket}${key && `/${key}`}${query && `?${query}`}`
      return answerTo(() => signed.fetch(url, { ...init, ...patience(), method, aws: { allHeaders: true } }))
    },

    send({ url, headers: told }, body, attempt = {}) {
      const headers = new Headers(told)
      for (const [name, value] of Object.entries(attempt.headers ?? {}))
        if (value === null) headers.delete(name)
        else headers.set(name, value)
      const target = attempt.url?.(url) ?? url
      return answerTo(() =>
        fetch(target, { ...patience(), method: 'PUT', headers, body: attempt.body ?? body }),
      )
    },

    async createMultipart(key) {
      const multipartId = await multipart.create(key, { contentType: type })
      begun.push({ key, multipartId })
      return multipartId
    },

    async abortAll() {
      for (const { key, multipartId } of begun) await multipart.abort(key, multipartId)
    },
  }
  return lab
}

/** What the gateway signs for an upload of the promised bytes, and no more than `changes` says. */
export function sealOf(changes: Partial<PutSeal> = {}): PutSeal {
  return { contentType: type, byteSize: promised.length, ...changes }
}

export async function hashes(bytes: Uint8Array<ArrayBuffer>) {
  const md5 = (await digestOf('md5', new Blob([bytes]).stream())) as Md5
  return { md5, sha256: await sha256Of(bytes) }
}

export function isSame(bytes: Uint8Array | null, expected: Uint8Array): boolean {
  return bytes?.length === expected.length && expected.every((byte, at) => bytes[at] === byte)
}

function presignerOf(client: S3Client, { ageSeconds = 0 }: Signer, sealsCopySource: () => Promise<boolean>) {
  const now = () => Date.now() - ageSeconds * 1000
  return createS3Presigner(client, { now, sealsCopySource })
}

function patience(): RequestInit {
  return { signal: AbortSignal.timeout(20_000) }
}

async function answerTo(request: () => Promise<Response>): Promise<Answer> {
  const nothing = { headers: new Headers(), body: new Uint8Array() }
  try {
    const response = await request()
    const body = new Uint8Array(await response.arrayBuffer())
    // Also in a 200: CompleteMultipartUpload and CopyObject may fail after that has been sent.
    const code = /<Error>[\s\S]*?<Code>(\w{1,64})<\/Code>/.exec(
      new TextDecoder().decode(body.subarray(0, 4096)),
    )?.[1]
    const text = code === undefined ? String(response.status) : `${response.status} ${code}`
    return { ok: response.ok && code === undefined, text, headers: response.headers, body }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      return { ...nothing, ok: false, text: 'no answer in 20 s' }
    return { ...nothing, ok: false, text: 'connection closed' }
  }
}
