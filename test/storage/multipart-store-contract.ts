import { describe, expect, it } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import type { CompletedMultipart, MultipartStore } from '../../src/core/ports/multipart-store'
import type { ObjectStore } from '../../src/core/ports/object-store'
import type { Presigner } from '../../src/core/ports/presigner'
import type { UploadedPart } from '../../src/core/uploads/uploaded-part'
import { bytesOf, expectStoreFailed, isSame, newKey } from './object-store-contract'

/** The least that stores take for every part but the last. */
const partBytes = 5 * 1024 ** 2
const contentType = 'text/plain; charset=utf-8'

export type MultipartStoreFacts = {
  /** Whether it lists parts and uploads. */
  lists: boolean
  /** What it says about parts of unequal sizes. null: that is not asked. */
  unequalParts: CompletedMultipart['outcome'] | null
  /** What it says about an upload that was begun for another key. */
  ofAnotherKey: 'no_such_upload' | 'fails'
}

export type MultipartBucket = {
  uploads: MultipartStore
  objects: ObjectStore
  /** null: clients cannot PUT parts of these uploads. */
  presigner: Presigner | null
}

/**
 * What every `MultipartStore` owes the core: with parts that the Worker puts, and, where there is a presigner,
 * once more with parts that are PUT to presigned URLs as a client does.
 */
export function describeMultipartStore(
  name: string,
  facts: MultipartStoreFacts,
  make: () => MultipartBucket,
): void {
  describePartsBy(
    'uploadPart',
    name,
    facts,
    make,
    async ({ uploads }, key, multipartId, partNumber, bytes) => {
      const part = await uploads.uploadPart(key, multipartId, partNumber, bytes)
      expect(part).toEqual({ partNumber, etag: expect.stringMatching(/^[^"]+$/), byteSize: bytes.length })
      return part ?? expect.fail('there is no such upload')
    },
  )

  if (make().presigner !== null)
    describePartsBy(
      'presigned URL',
      name,
      facts,
      make,
      async ({ presigner }, key, multipartId, partNumber, bytes) => {
        const part = { multipartId, partNumber, byteSize: bytes.length }
        const { url, headers } = (await presigner?.presignPart(key, part, 60)) ?? expect.fail('no presigner')
        const response = await fetch(url, { method: 'PUT', headers, body: bytes })
        expect(response.status).toBe(200)
        const etag = (response.headers.get('etag') ?? '').replaceAll('"', '')
        return { partNumber, etag, byteSize: bytes.length }
      },
    )

  describe(`${name} as a multipart store`, () => {
    it('takes no part of an upload that was aborted', async () => {
      const { uploads } = make()
      const key = newKey()
      const multipartId = await uploads.create(key, { contentType })
      await uploads.abort(key, multipartId)
      expect(await uploads.uploadPart(key, multipartId, 1, bytesOf(10))).toBeNull()
    })

    it('keeps the disposition that an upload began with', async () => {
      const { uploads, objects } = make()
      const key = newKey()
      const headers = { contentType, contentDisposition: 'attachment; filename="a.txt"' }
      const multipartId = await uploads.create(key, headers)
      const part = await uploads.uploadPart(key, multipartId, 1, bytesOf(10))
      expect((await uploads.complete(key, multipartId, part ? [part] : [])).outcome).toBe('completed')
      expect(await objects.head(key)).toMatchObject(headers)
    })
  })
}

type PutPart = (
  bucket: MultipartBucket,
  key: ObjectKey,
  multipartId: string,
  partNumber: number,
  bytes: Uint8Array<ArrayBuffer>,
) => Promise<UploadedPart>

function describePartsBy(
  way: string,
  name: string,
  facts: MultipartStoreFacts,
  make: () => MultipartBucket,
  put: PutPart,
): void {
  const begin = async (key = newKey()) => {
    const bucket = make()
    const { uploads, objects } = bucket
    const multipartId = await uploads.create(key, { contentType })
    const putPart = (partNumber: number, bytes: Uint8Array<ArrayBuffer>) =>
      put(bucket, key, multipartId, partNumber, bytes)
    const complete = async (parts: readonly UploadedPart[]) => {
      const completed = await uploads.complete(key, multipartId, parts)
      if (completed.outcome === 'completed' && completed.object !== null)
        expect(completed.object).toEqual(await objects.head(key))
      return completed.outcome
    }
    return { uploads, objects, key, multipartId, putPart, complete }
  }
  const isThere = async (objects: ObjectStore, key: ObjectKey) => (await objects.head(key)) !== null

  describe(`${name} as a multipart store, with parts by ${way}`, () => {
    it('makes one object of the parts, whatever order they came in, with the type it began with', async () => {
      const { objects, key, putPart, complete } = await begin()
      const bytes = bytesOf(2 * partBytes + 17)
      const third = await putPart(3, bytes.slice(2 * partBytes))
      const first = await putPart(1, bytes.slice(0, partBytes))
      const second = await putPart(2, bytes.slice(partBytes, 2 * partBytes))
      expect(await isThere(objects, key), 'before it is complete').toBe(false)
      expect(await complete([first, second, third])).toBe('completed')
      expect(await objects.head(key)).toMatchObject({ byteSize: bytes.length, contentType, md5: null })
      expect(await isSame((await objects.get(key))?.body, bytes)).toBe(true)
    })

    it('completes once, and then knows nothing of the upload, or says the same again', async () => {
      const { uploads, objects, key, multipartId, putPart, complete } = await begin()
      const part = await putPart(1, bytesOf(10))
      expect(await complete([part])).toBe('completed')
      expect(['completed', 'no_such_upload']).toContain(await complete([part]))
      await expect(uploads.abort(key, multipartId)).resolves.toBeUndefined()
      expect(await uploads.abortAll(key)).toBe(facts.lists ? 'aborted' : 'unsupported')
      expect(await isSame((await objects.get(key))?.body, bytesOf(10))).toBe(true)
    })

    it('knows nothing of an upload that was aborted, and aborting can be repeated', async () => {
      const { uploads, objects, key, multipartId, putPart, complete } = await begin()
      const part = await putPart(1, bytesOf(10))
      await uploads.abort(key, multipartId)
      await expect(uploads.abort(key, multipartId)).resolves.toBeUndefined()
      expect(await uploads.listParts(key, multipartId)).toBe(facts.lists ? null : 'unsupported')
      expect(await complete([part])).toBe('no_such_upload')
      expect(await isThere(objects, key)).toBe(false)
    })

    it('knows nothing of an upload of another key', async () => {
      const { uploads, multipartId, putPart } = await begin()
      const part = await putPart(1, bytesOf(10))
      const completed = uploads.complete(newKey(), multipartId, [part])
      if (facts.ofAnotherKey === 'fails') await expectStoreFailed(completed)
      else expect(await completed).toEqual({ outcome: 'no_such_upload' })
    })

    it('begins another upload each time, and completes one beside the other', async () => {
      const first = await begin()
      const second = await begin(first.key)
      expect(second.multipartId).not.toBe(first.multipartId)
      expect(await first.complete([await first.putPart(1, bytesOf(10))])).toBe('completed')
      expect(await second.complete([await second.putPart(1, bytesOf(20))])).toBe('completed')
      expect(await first.objects.head(first.key)).toMatchObject({ byteSize: 20 })
    })

    describe('parts that make no object', () => {
      it.each<[string, (parts: UploadedPart[]) => UploadedPart[]]>([
        ['none', () => []],
        ['one that was never put', ([part, ...rest]) => (part ? [{ ...part, partNumber: 7 }, ...rest] : [])],
        ['one with another ETag', ([part]) => (part ? [{ ...part, etag: '0'.repeat(32) }] : [])],
        ['one twice', ([part]) => (part ? [part, part] : [])],
      ])('are %s', async (_, choose) => {
        const { uploads, objects, key, multipartId, putPart, complete } = await begin()
        const large = await putPart(1, bytesOf(partBytes))
        const small = await putPart(2, bytesOf(10))
        expect(await complete(choose([large, small]))).toBe('invalid_parts')
        expect(await isThere(objects, key)).toBe(false)
        // Of all its parts: Ceph completes nothing of some.
        expect(await complete([large, small]), 'and the upload lives on').toBe('completed')
        await uploads.abort(key, multipartId)
      })

      it('are too small before the last', async () => {
        const { objects, key, putPart, complete } = await begin()
        const parts = [await putPart(1, bytesOf(10)), await putPart(2, bytesOf(10))]
        expect(await complete(parts)).toBe('invalid_parts')
        expect(await isThere(objects, key)).toBe(false)
      })

      it.skipIf(facts.unequalParts === null)('are unequal', async () => {
        const { objects, key, putPart, complete } = await begin()
        const parts = [await putPart(1, bytesOf(partBytes)), await putPart(2, bytesOf(partBytes + 1))]
        expect(await complete(parts)).toBe(facts.unequalParts)
        expect(await isThere(objects, key)).toBe(false)
      })
    })

    if (!facts.lists) {
      it('says that it cannot list, and aborts only what it is told by name', async () => {
        const { uploads, key, multipartId, putPart, complete } = await begin()
        const part = await putPart(1, bytesOf(10))
        expect(await uploads.listParts(key, multipartId)).toBe('unsupported')
        expect(await uploads.abortAll(key)).toBe('unsupported')
        expect(await complete([part])).toBe('completed')
      })
      return
    }

    it('lists the parts it has, in order, the last of each number', async () => {
      const { uploads, key, multipartId, putPart, complete } = await begin()
      expect(await uploads.listParts(key, multipartId)).toEqual([])
      const twentieth = await putPart(20, bytesOf(3))
      const second = await putPart(2, bytesOf(10))
      const others = [await putPart(7, bytesOf(partBytes, 3)), await putPart(11, bytesOf(partBytes, 2))]
      const first = await putPart(1, bytesOf(partBytes))
      const again = await putPart(2, bytesOf(partBytes, 1))
      expect(again.etag).not.toBe(second.etag)
      expect(await uploads.listParts(key, multipartId)).toEqual([first, again, ...others, twentieth])
      expect(await complete([first, second, ...others, twentieth])).toBe('invalid_parts')
      expect(await complete([first, again, ...others, twentieth])).toBe('completed')
    })

    it('knows nothing of an upload that never was', async () => {
      const { uploads, key } = await begin()
      expect(await uploads.listParts(key, 'never-was')).toBeNull()
      const completed = await uploads.complete(key, 'never-was', [{ partNumber: 1, etag: 'e' }])
      expect(completed).toEqual({ outcome: 'no_such_upload' })
    })

    it('aborts every upload of exactly one key', async () => {
      const of = [await begin(), await begin(), await begin()]
      const [{ key, uploads }] = of as [(typeof of)[number]]
      const same = [await begin(key), await begin(key), await begin(key), await begin(key)]
      const longer = await begin(`${key}-longer` as ObjectKey)
      expect(await uploads.abortAll(key)).toBe('aborted')
      for (const { multipartId } of [of[0], ...same].filter((one) => one !== undefined))
        expect(await uploads.listParts(key, multipartId)).toBeNull()
      for (const { key, multipartId } of [of[1], of[2], longer].filter((one) => one !== undefined))
        expect(await uploads.listParts(key, multipartId)).toEqual([])
    })
  })
}
