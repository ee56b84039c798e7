import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { ObjectKey, Sha256 } from '../ids'
import type { StoredObject } from '../ports/object-store'
import type { UploadedPart } from './uploaded-part'

/** The size of every part but the last, and the most bytes that are put in one piece: S3's least part, 5 MiB. */
export const partBytes = 5 * 1024 ** 2

export type WriteOptions = {
  contentType: string
  /** The most bytes that will come, when that is known; only saves memory. */
  byteSizeMax: number | null
  /**
   * Told the store's id of the multipart upload before the first part is sent, so that the sweep can abort it
   * when this request dies.
   */
  noteMultipart: (multipartId: string) => Promise<void>
}

/**
 * An object that is written piece by piece, its length unknown until the end. Up to `partBytes` it is one
 * put, beyond that a multipart upload of equal parts, one of which is in memory at a time. Methods throw
 * `store_failed`; after that, only `abort` may be called.
 */
export interface ObjectWriter {
  /** Takes a copy of `chunk`. Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>
  /** Ends the object, whose bytes have this hash: until then no client can see it. */
  complete(sha256: Sha256): Promise<StoredObject>
  /** Drops what was written and not completed. Safe to repeat. A single put that failed may still have arrived. */
  abort(): Promise<void>
}

/**
 * Writes `key` through the Worker. Cuts what is written into parts of `partBytes`, all of one size but the last,
 * as R2 wants them. There is one buffer: while a part is sent, no chunk is taken, and so none is read from the
 * client.
 */
export function createPartWriter(
  { objects, workerMultipart }: Pick<Gateway, 'objects' | 'workerMultipart'>,
  key: ObjectKey,
  { contentType, byteSizeMax, noteMultipart }: WriteOptions,
): ObjectWriter {
  let buffer: Uint8Array<ArrayBuffer> | null = null
  let filled = 0
  let multipartId: string | null = null
  const parts: UploadedPart[] = []

  const flush = async () => {
    if (buffer === null) return
    if (multipartId === null) {
      multipartId = await workerMultipart.create(key, { contentType })
      await noteMultipart(multipartId)
    }
    const bytes = buffer.subarray(0, filled)
    const part = await workerMultipart.uploadPart(key, multipartId, parts.length + 1, bytes)
    parts.push(part ?? fail({ code: 'store_failed', operation: 'uploadPart' }, new Error('no such upload')))
    filled = 0
  }

  return {
    async write(chunk) {
      buffer ??= new Uint8Array(Math.min(partBytes, byteSizeMax ?? partBytes))
      for (let at = 0; at < chunk.length; ) {
        // Only when more is there: what fits one part whole is put whole.
        if (filled === partBytes) await flush()
        if (filled === buffer.length && filled < partBytes) buffer = grown(buffer)
        const taken = Math.min(chunk.length - at, buffer.length - filled)
        buffer.set(chunk.subarray(at, at + taken), filled)
        filled += taken
        at += taken
      }
    },

    async complete(sha256) {
      if (multipartId === null) {
        const bytes = buffer?.subarray(0, filled) ?? new Uint8Array()
        return objects.put(key, bytes, { contentType, sha256 })
      }
      const byteSize = parts.length * partBytes + filled
      if (filled > 0) await flush()
      buffer = null
      const completed = await workerMultipart.complete(key, multipartId, parts)
      const { outcome } = completed
      if (outcome === 'invalid_parts') failToComplete(outcome)
      // No such upload: the store completed it at an earlier try whose answer was lost, or it was aborted. The
      // object tells which.
      const object = (outcome === 'completed' ? completed.object : null) ?? (await objects.head(key))
      if (object?.byteSize !== byteSize)
        failToComplete(`${object?.byteSize ?? 'no'} bytes are there instead of ${byteSize}`)
      return object
    },

    async abort() {
      buffer = null
      if (multipartId !== null) await workerMultipart.abort(key, multipartId)
    },
  }
}

function failToComplete(why: string): never {
  fail({ code: 'store_failed', operation: 'completeMultipart' }, new Error(why))
}

/** More came than was announced. */
function grown(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(partBytes)
  larger.set(buffer)
  return larger
}
