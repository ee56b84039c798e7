import { describe, expect, inject, it } from 'vitest'
import { digestOf } from '../../src/core/contents/digest'
import { GatewayError } from '../../src/core/errors'
import { type ObjectKey, type Sha256, sha256Of } from '../../src/core/ids'
import type { ObjectStore } from '../../src/core/ports/object-store'

const text = 'text/plain'

/**
 * What every `ObjectStore` owes the core, whatever is behind it. Neutral as to where it runs: each adapter's
 * test file calls it with a store over a real bucket. `putEncoded` puts an object there past the store, with the
 * Content-Encoding `x-odd` and metadata of its own.
 */
export function describeObjectStore(
  name: string,
  makeStore: () => ObjectStore,
  putEncoded: (key: ObjectKey, bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>,
): void {
  const plain = { contentType: text, sha256: null }

  /** A store and a key that no other test uses; nothing is there yet. */
  const fresh = () => ({ store: makeStore(), key: newKey() })

  describe(`${name} as an object store`, () => {
    it('answers a check', async () => {
      await expect(makeStore().check()).resolves.toBeUndefined()
    })

    describe('a missing object', () => {
      it('is null to head and get, with and without conditions', async () => {
        const { store, key } = fresh()
        expect(await store.head(key)).toBeNull()
        expect(await store.get(key)).toBeNull()
        expect(await store.get(key, { range: { offset: 0, length: 1 } })).toBeNull()
        expect(await store.get(key, { ifMatch: 'd41d8cd98f00b204e9800998ecf8427e' })).toBeNull()
      })
    })

    describe('put', () => {
      it.each([
        ['no bytes', 0],
        ['few bytes', 13],
        ['1 MiB', 1024 ** 2],
      ])('keeps %s as they are, and says so to head and get', async (_, byteSize) => {
        const { store, key } = fresh()
        const bytes = bytesOf(byteSize)
        const put = await store.put(key, bytes, plain)
        expect(put).toEqual({
          key,
          byteSize,
          etag: expect.stringMatching(/^[^"]+$/),
          contentType: text,
          contentEncoding: null,
          contentDisposition: null,
          hasOtherHeaders: false,
          md5: await digestOf('md5', new Blob([bytes]).stream()),
          sha256: null,
        })
        expect(await store.head(key)).toEqual(put)
        const got = await store.get(key)
        expect(got?.object).toEqual(put)
        expect(await isSame(got?.body, bytes)).toBe(true)
      })

      it.each(['image/png', 'text/plain; charset=utf-8', 'text/markdown; charset="utf-8"; variant=GFM'])(
        'keeps the content type %s to the letter',
        async (contentType) => {
          const { store, key } = fresh()
          expect((await store.put(key, bytesOf(5), { contentType, sha256: null })).contentType).toBe(
            contentType,
          )
          expect((await store.head(key))?.contentType).toBe(contentType)
          expect((await store.get(key))?.object.contentType).toBe(contentType)
        },
      )

      it('replaces bytes and type whole, and changes the ETag', async () => {
        const { store, key } = fresh()
        const first = await store.put(key, bytesOf(1000), plain)
        const bytes = bytesOf(10, 1)
        const second = await store.put(key, bytes, { contentType: 'image/png', sha256: null })
        expect(second.etag).not.toBe(first.etag)
        expect(await store.head(key)).toEqual({ ...second, byteSize: 10, contentType: 'image/png' })
        expect(await isSame((await store.get(key))?.body, bytes)).toBe(true)
      })

      it('can be repeated with the same bytes', async () => {
        const { store, key } = fresh()
        const bytes = bytesOf(100)
        await store.put(key, bytes, plain)
        const again = await store.put(key, bytes, plain)
        expect(await store.head(key)).toEqual(again)
      })

      it('keeps bytes that have the SHA-256 they are said to have', async () => {
        const { store, key } = fresh()
        const bytes = bytesOf(1000)
        await store.put(key, bytes, { contentType: text, sha256: await sha256Of(bytes) })
        expect(await isSame((await store.get(key))?.body, bytes)).toBe(true)
      })

      it('refuses bytes that have another SHA-256, and stores nothing', async () => {
        const { store, key } = fresh()
        const sha256 = await sha256Of(bytesOf(1000, 1))
        await expectStoreFailed(store.put(key, bytesOf(1000), { contentType: text, sha256 }))
        expect(await store.head(key)).toBeNull()
      })

      it('leaves what was there when it refuses other bytes', async () => {
        const { store, key } = fresh()
        const first = await store.put(key, bytesOf(10), plain)
        await expectStoreFailed(
          store.put(key, bytesOf(10, 1), { contentType: text, sha256: '0'.repeat(64) as Sha256 }),
        )
        expect(await store.head(key)).toEqual(first)
      })
    })

    describe('put of a stream', () => {
      it.each([
        ['no bytes', []],
        ['one chunk', [13]],
        ['many uneven chunks', [1, 65_536, 7, 400_000, 99_999]],
      ])('keeps %s', async (_, chunkSizes) => {
        const { store, key } = fresh()
        const bytes = bytesOf(chunkSizes.reduce((sum, size) => sum + size, 0))
        const stream = { stream: streamOf(bytes, chunkSizes), byteSize: bytes.length }
        const put = await store.put(key, stream, plain)
        expect(put).toMatchObject({ key, byteSize: bytes.length, contentType: text })
        expect(await store.head(key)).toEqual(put)
        expect(await isSame((await store.get(key))?.body, bytes)).toBe(true)
      })

      it.each([
        ['shorter', 999],
        ['longer', 1001],
      ])('fails when the stream is %s than it was said to be, and stores nothing', async (_, actual) => {
        const { store, key } = fresh()
        const stream = streamOf(bytesOf(actual), [500, actual - 500])
        await expectStoreFailed(store.put(key, { stream, byteSize: 1000 }, plain))
        expect(await store.head(key)).toBeNull()
      })

      it('fails when the stream breaks off, and stores nothing', async () => {
        const { store, key } = fresh()
        let pulls = 0
        const stream = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (pulls++ === 0) controller.enqueue(bytesOf(500))
            else controller.error(new Error('the client went away'))
          },
        })
        await expectStoreFailed(store.put(key, { stream, byteSize: 1000 }, plain))
        expect(await store.head(key)).toBeNull()
      })

      it('refuses a stream that has another SHA-256, and stores nothing', async () => {
        const { store, key } = fresh()
        const stream = { stream: streamOf(bytesOf(1000), [1000]), byteSize: 1000 }
        const sha256 = await sha256Of(bytesOf(1000, 1))
        await expectStoreFailed(store.put(key, stream, { contentType: text, sha256 }))
        expect(await store.head(key)).toBeNull()
      })
    })

    describe('get', () => {
      it.each([
        ['the start', { offset: 0, length: 10 }, 0, 10],
        ['the middle', { offset: 300, length: 200 }, 300, 500],
        ['one byte', { offset: 999, length: 1 }, 999, 1000],
        ['the whole', { offset: 0, length: 1000 }, 0, 1000],
        ['what there is of a range beyond the end', { offset: 900, length: 4100 }, 900, 1000],
      ])('reads %s, and still says how large the whole object is', async (_, range, start, end) => {
        const { store, key } = fresh()
        const bytes = bytesOf(1000)
        const put = await store.put(key, bytes, plain)
        const got = await store.get(key, { range })
        expect(got?.object).toEqual(put)
        expect(await isSame(got?.body, bytes.subarray(start, end))).toBe(true)
      })

      it('reads an object that still has the ETag, whole and in part', async () => {
        const { store, key } = fresh()
        const bytes = bytesOf(1000)
        const { etag } = await store.put(key, bytes, plain)
        const whole = await store.get(key, { ifMatch: etag })
        expect(await isSame(whole?.body, bytes)).toBe(true)
        const part = await store.get(key, { ifMatch: etag, range: { offset: 10, length: 5 } })
        expect(await isSame(part?.body, bytes.subarray(10, 15))).toBe(true)
      })

      it('is null when the object was replaced since its ETag was noted', async () => {
        const { store, key } = fresh()
        const { etag } = await store.put(key, bytesOf(10), plain)
        await store.put(key, bytesOf(10, 1), plain)
        expect(await store.get(key, { ifMatch: etag })).toBeNull()
        expect(await store.get(key, { ifMatch: etag, range: { offset: 0, length: 5 } })).toBeNull()
      })
    })

    describe('list', () => {
      it('gives the keys under a prefix in their order, from any of them on, and no others', async () => {
        const { store, key: stem } = fresh()
        const keys = ['a', 'a.txt', 'a/b', 'b', 'b&amp;<c>', 'ü'].map(
          (end) => `${stem}/in/${end}` as ObjectKey,
        )
        for (const key of [...keys, `${stem}/into`, `${stem}/i`, `${stem}/other/a`] as ObjectKey[])
          await store.put(key, bytesOf(1), plain)
        const listed = async (after: string | null) => {
          const page = await store.list(`${stem}/in/`, after)
          return page === 'unsupported' ? expect.fail('it cannot list') : page
        }
        expect(await listed(null)).toEqual({ keys, isTruncated: false })
        for (const [at, key] of keys.entries())
          expect(await listed(key)).toEqual({ keys: keys.slice(at + 1), isTruncated: false })
        expect((await listed(`${stem}/in/aa`)).keys).toEqual(keys.slice(3))
        await store.delete(keys)
        expect(await listed(null)).toEqual({ keys: [], isTruncated: false })
      })
    })

    describe('copy', () => {
      const contentType = 'image/png; x="y"'

      it.each([
        ['no bytes', 0],
        ['few bytes', 13],
        ['1 MiB', 1024 ** 2],
      ])('has the same %s under another key, with the type it is given', async (_, byteSize) => {
        const { store, key } = fresh()
        const to = newKey()
        const bytes = bytesOf(byteSize)
        const source = await store.put(key, bytes, plain)
        const copy = await store.copy(key, to, { ifMatch: source.etag, contentType })
        const md5 = await digestOf('md5', new Blob([bytes]).stream())
        expect(copy).toMatchObject({ key: to, byteSize, contentType, contentEncoding: null, md5 })
        expect(await store.head(to)).toEqual(copy)
        expect(await isSame((await store.get(to))?.body, bytes)).toBe(true)
        expect(await store.head(key), 'the source').toEqual(source)
      })

      it('takes no other metadata along', async () => {
        const { store, key } = fresh()
        const to = newKey()
        await putEncoded(key, bytesOf(10))
        const source = await store.head(key)
        expect(source).toMatchObject({ contentEncoding: 'x-odd', hasOtherHeaders: true })
        const copy = await store.copy(key, to, { ifMatch: source?.etag ?? '', contentType })
        expect(copy).toMatchObject({ contentType, contentEncoding: null, hasOtherHeaders: false })
        expect(await store.head(to)).toEqual(copy)
      })

      it('onto itself takes other metadata away, and leaves the bytes', async () => {
        const { store, key } = fresh()
        const bytes = bytesOf(10)
        await putEncoded(key, bytes)
        const { etag = '' } = (await store.head(key)) ?? {}
        const kept = { contentType, contentDisposition: 'attachment; filename="a.txt"' }
        expect(await store.copy(key, key, { ifMatch: etag, ...kept })).toMatchObject(kept)
        expect(await store.head(key)).toMatchObject({
          ...kept,
          contentEncoding: null,
          hasOtherHeaders: false,
        })
        expect(await isSame((await store.get(key))?.body, bytes)).toBe(true)
      })

      it('replaces what is there, and can be repeated', async () => {
        const { store, key } = fresh()
        const to = newKey()
        const bytes = bytesOf(100)
        await store.put(to, bytesOf(10, 1), plain)
        const { etag } = await store.put(key, bytes, plain)
        for (const _ of ['once', 'again']) {
          expect(await store.copy(key, to, { ifMatch: etag, contentType })).toMatchObject({ byteSize: 100 })
          expect(await isSame((await store.get(to))?.body, bytes)).toBe(true)
        }
      })

      it('keeps keys apart that look alike when they are encoded', async () => {
        const { store } = fresh()
        const stem = newKey()
        const keys = ['a b', 'a+b', 'a%20b', 'ü/ß', "!'()*~&=?#"].map((end) => `${stem}/${end}` as ObjectKey)
        for (const [index, key] of keys.entries()) {
          const bytes = bytesOf(10, index)
          const { etag } = await store.put(key, bytes, plain)
          const to = `${key}/copy` as ObjectKey
          expect(await store.copy(key, to, { ifMatch: etag, contentType })).not.toBeNull()
          expect(await isSame((await store.get(to))?.body, bytes)).toBe(true)
        }
      })

      it('is null when the source was replaced since its ETag was noted', async () => {
        const { store, key } = fresh()
        const { etag } = await store.put(key, bytesOf(10), plain)
        await store.put(key, bytesOf(10, 1), plain)
        expect(await store.copy(key, newKey(), { ifMatch: etag, contentType })).toBeNull()
      })

      it('is null when there is no source', async () => {
        const { store, key } = fresh()
        const { etag } = await store.put(newKey(), bytesOf(10), plain)
        const to = newKey()
        expect(await store.copy(key, to, { ifMatch: etag, contentType })).toBeNull()
        expect(await store.head(to)).toBeNull()
      })
    })

    describe('delete', () => {
      it('removes many objects at once and no others', async () => {
        const store = makeStore()
        const keys = Array.from({ length: 11 }, newKey)
        const kept = newKey()
        await Promise.all([...keys, kept].map((key) => store.put(key, bytesOf(3), plain)))
        await store.delete(keys)
        expect(await Promise.all(keys.map((key) => store.head(key)))).toEqual(keys.map(() => null))
        expect(await store.head(kept)).not.toBeNull()
      })

      it('removes objects whatever is in their keys', async () => {
        const store = makeStore()
        const stem = newKey()
        const keys = ['a b', 'a+b', 'a&b', '<a>"b"', '&amp;', 'ü'].map((end) => `${stem}/${end}` as ObjectKey)
        for (const key of keys) await store.put(key, bytesOf(3), plain)
        await store.delete(keys)
        expect(await Promise.all(keys.map((key) => store.head(key)))).toEqual(keys.map(() => null))
      })

      it('removes more objects than one call of a store can', async () => {
        const { store, key } = fresh()
        await store.put(key, bytesOf(3), plain)
        await store.delete([...Array.from({ length: 1000 }, newKey), key])
        expect(await store.head(key)).toBeNull()
      })

      it('does not mind what is missing, also among others, nor being repeated', async () => {
        const { store, key } = fresh()
        await store.put(key, bytesOf(3), plain)
        await store.delete([newKey(), key, newKey()])
        expect(await store.head(key)).toBeNull()
        await expect(store.delete([key])).resolves.toBeUndefined()
        await expect(store.delete([])).resolves.toBeUndefined()
      })
    })
  })
}

/** `byteSize` bytes without a short period, so that no two parts of them are alike. */
export function bytesOf(byteSize: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteSize)
  let state = seed + 1
  for (let at = 0; at < byteSize; at++) {
    // A linear congruential generator (Numerical Recipes, 7.1); its upper bits are the good ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A key that no other test uses. */
export function newKey(): ObjectKey {
  return `${inject('keyPrefix') ?? 'contract/'}${crypto.randomUUID()}.bin` as ObjectKey
}

function streamOf(bytes: Uint8Array, chunkSizes: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0
  let index = 0
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = chunkSizes[index++]
      if (size === undefined) return controller.close()
      controller.enqueue(bytes.slice(at, at + size))
      at += size
    },
  })
}

/** Whether `body` has exactly these bytes; a comparison of a MiB by `toEqual` takes seconds. */
export async function isSame(
  body: ReadableStream<Uint8Array> | undefined,
  expected: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (body === undefined) return false
  const bytes = new Uint8Array(await new Response(body).arrayBuffer())
  return bytes.length === expected.length && (await sha256Of(bytes)) === (await sha256Of(expected))
}

export async function expectStoreFailed(attempt: Promise<unknown>): Promise<void> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(GatewayError)
  expect(error).toHaveProperty('failure.code', 'store_failed')
}
