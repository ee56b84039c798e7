import type { ObjectKey, Sha256 } from '../ids'
import type { StoredObject } from './object-store'

/** The size of every part but the last, and the most bytes that are put in one piece: S3's least part, 5 MiB. */
export const partBytes = 5 * 1024 ** 2

export type WriteOptions = {
  contentType: string
  /** The most bytes that will come, when that is known; only saves memory. */
  byteSizeMax: number | null
  /**
   * Told the store's name of the multipart upload before the first part is sent, so that somebody else can
   * abort it when this writer dies.
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
  /** Ends the object, whose bytes have this hash: until then nobody can see it. */
  complete(sha256: Sha256): Promise<StoredObject>
  /** Drops what was written and not completed. Safe to repeat. A single put that failed may still have arrived. */
  abort(): Promise<void>
}

/** The part of the bucket that takes bytes of unknown length. */
export interface StreamStore {
  write(key: ObjectKey, options: WriteOptions): ObjectWriter
  /** Aborts a multipart upload of `key`; one that is not there (any more) is fine. Throws `store_failed`. */
  abortMultipart(key: ObjectKey, multipartId: string): Promise<void>
}
