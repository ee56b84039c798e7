import { describe, expect, it } from 'vitest'
import { type ObjectKey, sha256Of } from '../../src/core/ids'
import type { MultipartStore } from '../../src/core/ports/multipart-store'
import type { ObjectStore } from '../../src/core/ports/object-store'
import { createPartWriter, type ObjectWriter, partBytes } from '../../src/core/uploads/part-writer'
import { bytesOf, expectStoreFailed, isSame, newKey } from './object-store-contract'

const contentType = 'text/plain'

/** What bytes of unknown length become that are written through the Worker into a real bucket. */
export function describePartWriter(
  name: string,
  make: () => { objects: ObjectStore; uploads: MultipartStore },
): void {
  const open = (
    byteSizeMax: number | null = null,
    noteMultipart = async (_multipartId: string): Promise<void> => {},
  ) => {
    const { objects, uploads } = make()
    const key: ObjectKey = newKey()
    const noted: string[] = []
    const writer = createPartWriter({ objects, workerMultipart: uploads }, key, {
      contentType,
      byteSizeMax,
      noteMultipart: async (multipartId) => {
        noted.push(multipartId)
        await noteMultipart(multipartId)
      },
    })
    return { objects, uploads, key, noted, writer }
  }
  const writeIn = async (to: ObjectWriter, bytes: Uint8Array, size: number) => {
    // One piece of memory, over and over: the writer has to copy.
    const chunk = new Uint8Array(size)
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size)
      chunk.set(piece)
      await to.write(chunk.subarray(0, piece.length))
    }
    chunk.fill(0)
  }

  describe(`a part writer over ${name}`, () => {
    it.each([
      ['no bytes', 0, 1, null],
      ['few bytes', 13, 5, null],
      ['few bytes where many could have come', 13, 5, 1000],
      ['more bytes than could have come', 1000, 7, 13],
      ['one part to the byte', partBytes, 300_000, null],
      ['one part and a byte', partBytes + 1, 300_000, partBytes + 1],
      ['two parts to the byte', 2 * partBytes, 262_144, null],
      ['several parts of chunks larger than a part', 3 * partBytes + 17, partBytes + 999, null],
    ])('keeps %s as they are, and says so to head and get', async (_, byteSize, chunkSize, byteSizeMax) => {
      const { objects, key, writer, noted } = open(byteSizeMax)
      const bytes = bytesOf(byteSize)
      await writeIn(writer, bytes, chunkSize)
      expect(await objects.head(key), 'before it is complete').toBeNull()
      const written = await writer.complete(await sha256Of(bytes))
      const { etag } = written
      expect(etag).toMatch(/^[^"]+$/)
      const described = { key, byteSize, etag, contentType, contentEncoding: null }
      expect(written).toMatchObject(described)
      expect(noted).toHaveLength(byteSize > partBytes ? 1 : 0)
      expect(await objects.head(key)).toMatchObject(described)
      expect(await isSame((await objects.get(key, { ifMatch: written.etag }))?.body, bytes)).toBe(true)
    })

    it('refuses bytes in one piece that have another SHA-256, and keeps nothing', async () => {
      const { objects, key, writer } = open()
      await writer.write(bytesOf(10))
      await expectStoreFailed(writer.complete(await sha256Of(bytesOf(10, 1))))
      expect(await objects.head(key)).toBeNull()
    })

    it.each([0, 10, 2 * partBytes + 10])(
      'leaves nothing of %i bytes when it is aborted',
      async (byteSize) => {
        const { objects, uploads, key, writer, noted } = open()
        await writeIn(writer, bytesOf(byteSize), 1_000_000)
        await writer.abort()
        await expect(writer.abort()).resolves.toBeUndefined()
        expect(await objects.head(key)).toBeNull()
        for (const multipartId of noted)
          await expect(uploads.abort(key, multipartId)).resolves.toBeUndefined()
      },
    )

    it('fails once its multipart upload was aborted by its id', async () => {
      const { objects, uploads, key, writer, noted } = open()
      const bytes = bytesOf(partBytes + 1)
      await writeIn(writer, bytes, 1_000_000)
      await uploads.abort(key, noted[0] ?? '')
      await expectStoreFailed(writer.complete(await sha256Of(bytes)))
      expect(await objects.head(key)).toBeNull()
    })

    it('keeps what it completed when its multipart upload is aborted afterwards', async () => {
      const { objects, uploads, key, writer, noted } = open()
      const bytes = bytesOf(partBytes + 1)
      await writeIn(writer, bytes, 1_000_000)
      await writer.complete(await sha256Of(bytes))
      await uploads.abort(key, noted[0] ?? '')
      expect(await objects.head(key)).toMatchObject({ byteSize: partBytes + 1 })
    })

    it('fails when the multipart upload cannot be noted, before any part is sent', async () => {
      const { uploads, key, writer, noted } = open(null, async () => {
        throw new Error('not noted')
      })
      await expect(writeIn(writer, bytesOf(partBytes + 1), partBytes + 1)).rejects.toThrow('not noted')
      await writer.abort()
      expect(noted).toHaveLength(1)
      await expect(uploads.abort(key, noted[0] ?? '')).resolves.toBeUndefined()
    })
  })
}
