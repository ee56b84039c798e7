import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectKey, Sha256 } from '../../src/core/ids'
import { createR2ObjectStore } from '../../src/storage/r2/r2-object-store'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { describeObjectStore } from './object-store-contract'

beforeEach(() => {
  answerStoreRequests(createS3OverBucket(env.BUCKET))
})

/** The same bucket's S3 endpoint. */
const copier = createS3ObjectStore(
  createS3Client({
    endpoint: 'https://store.example.com',
    region: 'auto',
    bucket: 'slipway',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    uploadCredentials: null,
  }),
)

describeObjectStore(
  'the R2 binding',
  () => createR2ObjectStore(env.BUCKET, copier),
  (key, bytes) =>
    env.BUCKET.put(key, bytes, {
      httpMetadata: { contentEncoding: 'x-odd' },
      customMetadata: { odd: 'x' },
    }),
)

describe('an R2 binding that stays silent', () => {
  const key = 'acme/file.bin' as ObjectKey
  const sha256 = '0'.repeat(64) as Sha256
  const silent = () => new Promise<never>(() => {})
  const bucket = {
    head: silent,
    get: silent,
    list: silent,
    put: silent,
    delete: silent,
  } as unknown as R2Bucket
  const store = createR2ObjectStore(bucket, copier)
  const stream = () => new ReadableStream<Uint8Array>({ pull: silent })
  const mebibyte = 1024 ** 2

  it.each<[string, number, () => Promise<unknown>]>([
    ['head', 10_000, () => store.head(key)],
    ['get', 10_000, () => store.get(key)],
    ['list', 10_000, () => store.list('acme/', null)],
    ['delete', 10_000, () => store.delete([key])],
    ['check', 10_000, () => store.check()],
    ['put', 33_000, () => store.put(key, new Uint8Array(2 * mebibyte + 1), { contentType: 'a/b', sha256 })],
    [
      'put',
      130_000,
      () => store.put(key, { stream: stream(), byteSize: 100 * mebibyte }, { contentType: 'a/b', sha256 }),
    ],
    ['put', 30_000, () => store.put(key, new Uint8Array(), { contentType: 'a/b', sha256 })],
  ])('fails a %s after %i ms, not before', async (operation, limitMs, call) => {
    vi.useFakeTimers()
    const failed = vi.fn()
    const ended = call().catch(failed)
    await vi.advanceTimersByTimeAsync(limitMs - 1)
    expect(failed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ failure: { code: 'store_failed', operation } })
    expect(vi.getTimerCount()).toBe(0)
  })
})
