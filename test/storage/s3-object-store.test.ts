import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, inject, it, vi } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import { createS3Client, type S3Client } from '../../src/storage/s3/s3-client'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { describeObjectStore } from './object-store-contract'

type Changes = { endpoint?: string; bucket?: string; secretAccessKey?: string }

const clientOf = (changes: Changes = {}) => {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = { ...inject('s3'), ...changes }
  const credentials = { accessKeyId, secretAccessKey }
  return createS3Client({ endpoint, region, bucket, credentials, uploadCredentials: null })
}
const store = (changes: Changes = {}) => createS3ObjectStore(clientOf(changes))
const putEncoded = (client: S3Client) => async (key: ObjectKey, bytes: Uint8Array<ArrayBuffer>) => {
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'x-odd', 'x-amz-meta-odd': 'x' }
  const response = await client.send('put', key, { method: 'PUT', headers, body: bytes })
  await response?.body?.cancel()
}

describeObjectStore(
  'an S3 endpoint',
  () => store(),
  (key, bytes) => putEncoded(clientOf())(key, bytes),
)

describe('over the endpoint of other tests', () => {
  beforeEach(() => {
    answerStoreRequests(createS3OverBucket(env.BUCKET))
  })
  const endpoint = 'https://store.example.com'
  describeObjectStore(
    'an S3 store',
    () => store({ endpoint }),
    (key, bytes) => putEncoded(clientOf({ endpoint }))(key, bytes),
  )
})

describe('a checksum that the store vouches for', () => {
  const etag = '"5eb63bbbe01eeed093cb22bb8f5acdc3"'
  const md5 = '5eb63bbbe01eeed093cb22bb8f5acdc3'
  const sha256 = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'
  const sha256Header = 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek='

  it.each<[string, Record<string, string>, object]>([
    ['the ETag of a plain object', {}, { md5, sha256: null }],
    ['the ETag under SSE-S3', { 'x-amz-server-side-encryption': 'AES256' }, { md5 }],
    ['no ETag under SSE-KMS, which is no MD5', { 'x-amz-server-side-encryption': 'aws:kms' }, { md5: null }],
    [
      "no ETag under a customer's key",
      { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      { md5: null },
    ],
    ['no ETag of parts', { etag: '"5eb63bbbe01eeed093cb22bb8f5acdc3-2"' }, { md5: null }],
    ['a SHA-256', { 'x-amz-checksum-sha256': sha256Header }, { sha256 }],
    ['no SHA-256 of parts', { 'x-amz-checksum-sha256': `${sha256Header}-2` }, { sha256: null }],
  ])('is %s', async (_, headers, expected) => {
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(
        async () => new Response(null, { headers: { etag, 'content-length': '11', ...headers } }),
      )
    expect(await store().head('acme/file.txt' as ObjectKey)).toMatchObject(expected)
    const [asked] = fetched.mock.calls[0] ?? []
    expect(new Headers(asked instanceof Request ? asked.headers : {}).get('x-amz-checksum-mode')).toBe(
      'ENABLED',
    )
  })
})

describe('an S3 endpoint that refuses', () => {
  const key = 'acme/file.txt' as ObjectKey

  it.each([
    ['credentials it does not know', { secretAccessKey: 'wrong' }],
    ['a bucket that is not there', { bucket: 'nowhere' }],
  ])('fails a put with %s', async (_, changes) => {
    await expect(
      store(changes).put(key, new Uint8Array(3), { contentType: 'text/plain', sha256: null }),
    ).rejects.toMatchObject({ failure: { code: 'store_failed', operation: 'put' } })
  })

  it('fails a check of a bucket that is not there', async () => {
    await expect(store({ bucket: 'nowhere' }).check()).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'check' },
    })
  })

  it('fails head, get, list, delete and check with credentials it does not know', async () => {
    const refused = store({ secretAccessKey: 'wrong' })
    const failure = { code: 'store_failed' }
    await expect(refused.head(key)).rejects.toMatchObject({ failure })
    await expect(refused.get(key)).rejects.toMatchObject({ failure })
    await expect(refused.list('acme/', null)).rejects.toMatchObject({ failure })
    await expect(refused.delete([key])).rejects.toMatchObject({ failure })
    await expect(refused.check()).rejects.toMatchObject({ failure })
  })
})

describe('a list', () => {
  const answer = (xml: string, status = 200) =>
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(xml, { status }))
  const page = (keys: string[], isTruncated: boolean) =>
    `<?xml version="1.0"?><ListBucketResult xmlns="x"><IsTruncated>${isTruncated}</IsTruncated>${keys
      .map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
      .join('')}</ListBucketResult>`

  it('is a page that tells where the next one begins', async () => {
    const fetched = answer(page(['p/a', 'p/b&amp;&#x1;'], true))
    expect(await store().list('p/', 'p/0')).toEqual({ keys: ['p/a', 'p/b&\u0001'], isTruncated: true })
    const [asked] = fetched.mock.calls[0] ?? []
    const { searchParams } = new URL(asked instanceof Request ? asked.url : String(asked))
    expect(Object.fromEntries(searchParams)).toMatchObject({
      'list-type': '2',
      prefix: 'p/',
      'start-after': 'p/0',
    })
  })

  it.each([
    ['says that there is more, and not of what', page([], true)],
    ['repeats the key that it was to go on from', page(['p/0'], true)],
    ['says something else', '<Error><Code>Odd</Code></Error>'],
  ])('fails when the store %s', async (_, xml) => {
    answer(xml)
    await expect(store().list('p/', 'p/0')).rejects.toMatchObject({ failure: { code: 'store_failed' } })
  })

  it.each([405, 501])('is unsupported when the store answers %i', async (status) => {
    answer('<Error><Code>NotImplemented</Code></Error>', status)
    expect(await store().list('p/', null)).toBe('unsupported')
  })

  it('is not taken for unsupported when it is forbidden', async () => {
    answer('<Error><Code>AccessDenied</Code></Error>', 403)
    await expect(store().list('p/', null)).rejects.toMatchObject({ failure: { code: 'store_failed' } })
  })
})

describe('headers that were put with an object', () => {
  it.each([
    ['none', {}, false],
    ['a disposition, which is told by itself', { 'content-disposition': 'inline' }, false],
    ['the store’s own', { 'x-amz-request-id': '1', date: 'x', 'x-amz-storage-class': 'STANDARD_IA' }, false],
    ['Cache-Control', { 'cache-control': 'public' }, true],
    ['Expires', { expires: 'x' }, true],
    ['Content-Language', { 'content-language': 'de' }, true],
    ['metadata', { 'x-amz-meta-a': '1' }, true],
    ['a redirect', { 'x-amz-website-redirect-location': 'https://evil.example' }, true],
  ])('are seen: %s', async (_, headers, hasOtherHeaders) => {
    const answer = { etag: '"a"', 'content-length': '1', 'content-type': 'text/plain', ...headers }
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { headers: answer }))
    expect(await store().head('acme/file.txt' as ObjectKey)).toMatchObject({ hasOtherHeaders })
  })
})
