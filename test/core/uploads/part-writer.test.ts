import { describe, expect, it, vi } from 'vitest'
import type { ObjectKey, Sha256 } from '../../../src/core/ids'
import type { CompletedMultipart, MultipartStore } from '../../../src/core/ports/multipart-store'
import type { ObjectStore, StoredObject } from '../../../src/core/ports/object-store'
import { createPartWriter, partBytes } from '../../../src/core/uploads/part-writer'

const key = 'acme/file.bin' as ObjectKey
const sha256 = '0'.repeat(64) as Sha256
const objectOf = (byteSize: number) => ({ key, byteSize, etag: 'e-2' }) as StoredObject

/** A writer over a store that takes parts, unless `changes` say otherwise, and answers a HEAD with `found`. */
function writerOver(changes: Partial<MultipartStore>, found: StoredObject | null = null) {
  const head = vi.fn(async () => found)
  const workerMultipart: Partial<MultipartStore> = {
    create: async () => 'id',
    uploadPart: async (_key, _id, partNumber, { length }) => ({ partNumber, etag: 'e', byteSize: length }),
    ...changes,
  }
  const stores = {
    objects: { head } as unknown as ObjectStore,
    workerMultipart: workerMultipart as MultipartStore,
  }
  const options = { contentType: 'text/plain', byteSizeMax: null, noteMultipart: async () => {} }
  return { head, writer: createPartWriter(stores, key, options) }
}

/** The same, with one part and a byte written, over a store that answers a completion with `completed`. */
async function written(completed: CompletedMultipart, found: StoredObject | null = null) {
  const over = writerOver({ complete: async () => completed }, found)
  await over.writer.write(new Uint8Array(partBytes + 1))
  return over
}

describe('an object that is written in parts', () => {
  it('is the one that the store describes, which is not asked again', async () => {
    const { head, writer } = await written({ outcome: 'completed', object: objectOf(partBytes + 1) })
    expect(await writer.complete(sha256)).toEqual(objectOf(partBytes + 1))
    expect(head).not.toHaveBeenCalled()
  })

  it.each<[string, CompletedMultipart]>([
    ['the store describes none', { outcome: 'completed', object: null }],
    ['an earlier try completed it and its answer was lost', { outcome: 'no_such_upload' }],
  ])('is looked at when %s', async (_, completed) => {
    const { writer } = await written(completed, objectOf(partBytes + 1))
    expect(await writer.complete(sha256)).toEqual(objectOf(partBytes + 1))
  })

  it.each<[string, CompletedMultipart, StoredObject | null, string]>([
    ['describes an object of another size', { outcome: 'completed', object: objectOf(7) }, null, '7 bytes'],
    ['has an object of another size', { outcome: 'completed', object: null }, objectOf(7), '7 bytes'],
    ['has no object', { outcome: 'completed', object: null }, null, 'no bytes'],
    ['has neither the upload nor the object', { outcome: 'no_such_upload' }, null, 'no bytes'],
    ['refuses the parts', { outcome: 'invalid_parts' }, objectOf(partBytes + 1), 'invalid_parts'],
  ])('fails when the store %s', async (_, completed, found, why) => {
    const { writer } = await written(completed, found)
    await expect(writer.complete(sha256)).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'completeMultipart' },
      cause: { message: expect.stringContaining(why) },
    })
  })

  it('fails when the store no longer has the upload', async () => {
    const { writer } = writerOver({ uploadPart: async () => null })
    await expect(writer.write(new Uint8Array(partBytes + 1))).rejects.toMatchObject({
      failure: { code: 'store_failed', operation: 'uploadPart' },
    })
  })
})
