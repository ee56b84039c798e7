import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../src/core/contents/digest'
import { type Md5, type ObjectKey, sha256Of } from '../../src/core/ids'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3MultipartStore } from '../../src/storage/s3/s3-multipart-store'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3Presigner } from '../../src/storage/s3/s3-presigner'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests, type StoreHook } from '../support/store-requests'

const key = 'acme/file.txt' as ObjectKey
const contentType = 'text/plain'
const bytes = Uint8Array.from('hello', (char) => char.charCodeAt(0))

function start(hook?: StoreHook) {
  answerStoreRequests(createS3OverBucket(env.BUCKET), hook && { hook })
  const client = createS3Client({
    endpoint: 'https://store.example.com',
    region: 'auto',
    bucket: 'slipway',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    uploadCredentials: null,
  })
  return {
    store: createS3ObjectStore(client),
    uploads: createS3MultipartStore(client),
    presigner: createS3Presigner(client, { now: () => Date.now(), sealsCopySource: async () => true }),
  }
}

/** PUTs `body`, and says how that went. Never text, which brings a Content-Type of its own. */
async function put(url: string, headers: Record<string, string>, body: BodyInit = bytes): Promise<string> {
  const response = await fetch(url, { method: 'PUT', headers, body })
  return `${response.status} ${/<Code>(\w+)</.exec(await response.text())?.[1] ?? ''}`.trim()
}

/** A presigned PUT of these bytes, sealed with everything that can be. */
async function sealed() {
  const { store, presigner } = start()
  const sha256 = await sha256Of(bytes)
  const md5 = (await digestOf('md5', new Blob([bytes]).stream())) as Md5
  const seal = { contentType, byteSize: bytes.length, writeOnce: true, contentDisposition: 'inline' }
  return {
    store,
    sha256,
    withSha256: await presigner.presignPut(key, { ...seal, sha256 }, 60),
    withMd5: await presigner.presignPut(key, { ...seal, md5 }, 60),
  }
}

describe('the S3 endpoint over a bucket', () => {
  it('takes a presigned PUT once, and keeps its SHA-256, its type and its disposition', async () => {
    const { store, sha256, withSha256 } = await sealed()
    expect(await put(withSha256.url, withSha256.headers)).toBe('200')
    expect(await put(withSha256.url, withSha256.headers)).toBe('412 PreconditionFailed')
    expect(await store.head(key)).toMatchObject({ contentType, byteSize: 5, sha256 })
    expect((await env.BUCKET.head(key))?.httpMetadata).toMatchObject({ contentDisposition: 'inline' })
  })

  it('says a SHA-256 only to those who ask', async () => {
    const { withSha256 } = await sealed()
    await put(withSha256.url, withSha256.headers)
    const response = await fetch('https://store.example.com/slipway/acme/file.txt', { method: 'HEAD' })
    expect(response.headers.has('etag')).toBe(true)
    expect(response.headers.has('x-amz-checksum-sha256')).toBe(false)
  })

  it('refuses bytes with another digest than the one that was sealed', async () => {
    const { store, withSha256, withMd5 } = await sealed()
    for (const { url, headers } of [withSha256, withMd5])
      expect(await put(url, headers, bytes.toReversed())).toBe('400 BadDigest')
    expect(await store.head(key)).toBeNull()
    expect(await put(withMd5.url, withMd5.headers)).toBe('200')
  })

  it('refuses a presigned PUT without a header that was signed', async () => {
    const { withSha256, withMd5 } = await sealed()
    for (const [{ url, headers }, names] of [
      [withSha256, ['Content-Type', 'If-None-Match', 'x-amz-checksum-sha256']],
      [withMd5, ['Content-MD5']],
    ] as const)
      for (const left of names) {
        const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== left))
        expect(await put(url, kept)).toBe('403 SignatureDoesNotMatch')
      }
  })

  it('refuses a presigned URL that has expired', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 2), toFake: ['Date'] })
    const { withMd5 } = await sealed()
    vi.setSystemTime(Date.UTC(2026, 10, 2, 0, 1, 1))
    expect(await put(withMd5.url, withMd5.headers)).toBe('403 ExpiredRequest')
    vi.setSystemTime(Date.UTC(2026, 10, 2, 0, 1, 0))
    expect(await put(withMd5.url, withMd5.headers)).toBe('200')
  })

  it('copies nothing into a URL that is sealed, and does so into one that is not', async () => {
    const { store, withMd5 } = await sealed()
    await store.put('acme/theirs.txt' as ObjectKey, bytes, { contentType, sha256: null })
    const attack = { 'x-amz-copy-source': 'slipway/acme/theirs.txt' }
    expect(await put(withMd5.url, { ...withMd5.headers, ...attack })).toBe('403 SignatureDoesNotMatch')
    const open = 'https://store.example.com/slipway/acme/open.txt'
    expect(await put(open, attack)).toBe('200')
    expect(await store.head('acme/open.txt' as ObjectKey)).toMatchObject({ byteSize: 5, contentType })
    const slashed = { 'x-amz-copy-source': '/slipway/acme/theirs.txt' }
    expect(await put(open, slashed)).toBe('400 InvalidArgument')
  })

  it('copies a part into a multipart upload', async () => {
    const { store, uploads } = start()
    const from = 'acme/source.txt' as ObjectKey
    await store.put(from, bytes, { contentType, sha256: null })
    const multipartId = await uploads.create(key, { contentType })
    const query = `partNumber=1&uploadId=${encodeURIComponent(multipartId)}`
    const url = `https://store.example.com/slipway/${key}?${query}`
    expect(await put(url, { 'x-amz-copy-source': `slipway/${from}` })).toBe('200')
    const parts = await uploads.listParts(key, multipartId)
    expect(parts).toMatchObject([{ partNumber: 1, byteSize: 5 }])
    expect(await uploads.complete(key, multipartId, parts as [])).toMatchObject({ outcome: 'completed' })
  })

  it('serves a presigned GET as it was dressed', async () => {
    const { store, presigner } = start()
    await store.put(key, bytes, { contentType, sha256: null })
    const dressing = { contentType: 'text/csv', contentDisposition: 'attachment' }
    const response = await fetch(await presigner.presignGet(key, dressing, 60))
    expect(response.headers.get('content-type')).toBe('text/csv')
    expect(response.headers.get('content-disposition')).toBe('attachment')
    expect(await response.text()).toBe('hello')
  })
})

describe('a hook of the requests to the store', () => {
  it('is told what each of them is, and may break them before and after', async () => {
    const names: string[] = []
    let isBroken: string | null = null
    const { store, uploads, presigner } = start(async (name, call) => {
      names.push(name)
      if (isBroken === 'before') throw new TypeError('broken before')
      const response = await call()
      if (isBroken === 'after') throw new TypeError('broken after')
      return response
    })
    const { etag } = await store.put(key, bytes, { contentType, sha256: null })
    await store.check()
    await (await store.get(key))?.body.cancel()
    await store.copy(key, 'acme/copy' as ObjectKey, { ifMatch: etag, contentType })
    await store.delete(['acme/copy' as ObjectKey])
    await store.delete(['acme/copy', 'acme/other'] as ObjectKey[])
    const multipartId = await uploads.create(key, { contentType })
    const { url } = await presigner.presignPart(key, { multipartId, partNumber: 1, byteSize: 5 }, 60)
    await put(url, {})
    await uploads.complete(key, multipartId, (await uploads.listParts(key, multipartId)) as [])
    await uploads.abort(key, multipartId)
    await uploads.abortAll(key)
    expect(names).toEqual(
      [
        ...['put', 'check', 'get', 'copy', 'head', 'delete', 'deleteMany', 'createMultipart', 'uploadPart'],
        ...['listParts', 'completeMultipart', 'abortMultipart', 'listMultiparts'],
      ].map((name) => `s3.${name}`),
    )
    isBroken = 'before'
    await expect(store.delete([key])).rejects.toMatchObject({ failure: { code: 'store_failed' } })
    expect(await env.BUCKET.head(key)).not.toBeNull()
    isBroken = 'after'
    await expect(store.delete([key])).rejects.toMatchObject({ failure: { code: 'store_failed' } })
    expect(await env.BUCKET.head(key)).toBeNull()
  })

  it('is not told of requests to others', async () => {
    const hook = vi.fn<StoreHook>((_, call) => call())
    const elsewhere = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('elsewhere'))
    start(hook)
    expect(elsewhere).not.toHaveBeenCalled()
    expect(await (await fetch('https://other.example.com/slipway/x')).text()).toBe('elsewhere')
    expect(hook).not.toHaveBeenCalled()
  })
})
