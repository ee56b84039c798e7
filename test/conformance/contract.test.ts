import { inject } from 'vitest'
import { createS3Client } from '../../src/storage/s3/s3-client'
import { createS3MultipartStore } from '../../src/storage/s3/s3-multipart-store'
import { createS3ObjectStore } from '../../src/storage/s3/s3-object-store'
import { createS3Presigner } from '../../src/storage/s3/s3-presigner'
import { describeMultipartStore } from '../storage/multipart-store-contract'
import { describeObjectStore, newKey } from '../storage/object-store-contract'
import { describePartWriter } from '../storage/part-writer-contract'

// What the core expects of a store, asked of this one through the adapters that the gateway would use.
const client = createS3Client(inject('conformance'))
const objects = createS3ObjectStore(client)
const uploads = createS3MultipartStore(client)
const presigner = createS3Presigner(client, { now: () => Date.now(), sealsCopySource: async () => false })

describeObjectStore(
  'the store',
  () => objects,
  async (key, bytes) => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'x-odd', 'x-amz-meta-odd': 'x' }
    const response = await client.send('put', key, { method: 'PUT', headers, body: bytes })
    await response?.body?.cancel()
  },
)

// Whether parts may be unequal is one of the seals' questions: the gateway plans equal ones.
const facts = { lists: await listsParts(), unequalParts: null, ofAnotherKey: 'no_such_upload' } as const
describeMultipartStore('the store', facts, () => ({ uploads, objects, presigner }))
describePartWriter('the store', () => ({ uploads, objects }))

async function listsParts(): Promise<boolean> {
  const key = newKey()
  const multipartId = await uploads.create(key, { contentType: 'text/plain' })
  const listed = await uploads.listParts(key, multipartId)
  await uploads.abort(key, multipartId)
  return listed !== 'unsupported'
}
