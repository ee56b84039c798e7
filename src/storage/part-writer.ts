import type { Sha256 } from '../core/ids'
import {
  type ObjectWriter,
  partBytes,
  type StoredObject,
  type WriteOptions,
} from '../core/ports/object-store'

/** What a store must be able to do for a part writer, about one key. */
export interface PartTarget {
  put(bytes: Uint8Array<ArrayBuffer>, sha256: Sha256): Promise<StoredObject>
  /** CreateMultipartUpload: the upload's id. */
  create(): Promise<string>
  uploadPart(multipartId: string, part: { number: number; bytes: Uint8Array<ArrayBuffer> }): Promise<string>
  /** CompleteMultipartUpload. `etags` are those of the parts, in order. */
  complete(multipartId: string, etags: readonly string[], byteSize: number): Promise<StoredObject>
  abort(multipartId: string): Promise<void>
}

/**
 * Cuts what is written into parts of `partBytes`, all of one size but the last, as R2 wants them. There is one
 * buffer: while a part is sent, nothing more is taken, and so nothing more is read from the client.
 */
export function createPartWriter(target: PartTarget, options: WriteOptions): ObjectWriter {
  const { byteSizeMax, noteMultipart } = options
  let buffer: Uint8Array<ArrayBuffer> | null = null
  let filled = 0
  let multipartId: string | null = null
  const etags: string[] = []

  const flush = async () => {
    if (buffer === null) return
    if (multipartId === null) {
      multipartId = await target.create()
      await noteMultipart(multipartId)
    }
    const part = { number: etags.length + 1, bytes: buffer.subarray(0, filled) }
    etags.push(await target.uploadPart(multipartId, part))
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
      if (multipartId === null) return target.put(buffer?.subarray(0, filled) ?? new Uint8Array(), sha256)
      const byteSize = etags.length * partBytes + filled
      if (filled > 0) await flush()
      buffer = null
      return target.complete(multipartId, etags, byteSize)
    },

    async abort() {
      buffer = null
      if (multipartId !== null) await target.abort(multipartId)
    },
  }
}

/** More came than was announced. */
function grown(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(partBytes)
  larger.set(buffer)
  return larger
}
