import { describe, expect, inject, it } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { describeObjectStore } from './object-store-contract'

const store = (changes: { bucket?: string; secretAccessKey?: string } = {}) => {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = { ...inject('s3'), ...changes }
  const credentials = { accessKeyId, secretAccessKey }
  return createS3ObjectStore(
    createS3Client({ endpoint, region, bucket, credentials, uploadCredentials: null }),
  )
}

describeObjectStore('an S3 endpoint', () => store())

describe('an S3 endpoint', () => {
  it('says which Content-Encoding an object was put with', async () => {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = inject('s3')
    const credentials = { accessKeyId, secretAccessKey }
    const client = createS3Client({ endpoint, region, bucket, credentials, uploadCredentials: null })
    const key = 'acme/encoded.txt' as ObjectKey
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'x-odd' }
    await client.send('put', key, { method: 'PUT', headers, body: 'abc' })
    expect(await store().head(key)).toMatchObject({ byteSize: 3, contentEncoding: 'x-odd' })
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

  it('fails head, get, delete and check with credentials it does not know', async () => {
    const refused = store({ secretAccessKey: 'wrong' })
    const failure = { code: 'store_failed' }
    await expect(refused.head(key)).rejects.toMatchObject({ failure })
    await expect(refused.get(key)).rejects.toMatchObject({ failure })
    await expect(refused.delete([key])).rejects.toMatchObject({ failure })
    await expect(refused.check()).rejects.toMatchObject({ failure })
  })
})
