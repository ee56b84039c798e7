import type { Md5, ObjectKey, Sha256 } from '../ids'

/** What the store says about an object. */
export type StoredObject = {
  key: ObjectKey
  byteSize: number
  /** Opaque, without quotes. Changes whenever the bytes change. */
  etag: string
  /** As stored; null when the store has none. */
  contentType: string | null
  /** The Content-Encoding that whoever put the object claimed for it; null when none. */
  contentEncoding: string | null
  /** As stored; null when none. */
  contentDisposition: string | null
  /** The store keeps other headers or metadata with it than those above, and says them to clients that get it. */
  hasOtherHeaders: boolean
  /** Checksums of the bytes that the store vouches for; null where it says nothing. */
  md5: Md5 | null
  sha256: Sha256 | null
}

/** What the store keeps with an object and says of it to whoever gets it. */
export type ObjectHeaders = {
  contentType: string
  /** Left out or null: none. */
  contentDisposition?: string | null
}

export type PutOptions = ObjectHeaders & {
  /** Lets the store refuse bytes that changed on the way. */
  sha256: Sha256 | null
}

/** A body whose length is known before it is read. */
export type SizedStream = { stream: ReadableStream<Uint8Array>; byteSize: number }

export type GetOptions = {
  /** Only if the object still has this ETag; otherwise null is returned. */
  ifMatch?: string
  /** The first byte and how many; beyond the end is cut off. */
  range?: { offset: number; length: number }
}

/** `isTruncated`: there are more after the last of `keys`. */
export type ListedKeys = { keys: readonly string[]; isTruncated: boolean }

/**
 * The bucket. Every method throws `store_failed` when the store does not answer as it should;
 * a missing object is null, never a failure.
 */
export interface ObjectStore extends StreamStore {
  head(key: ObjectKey): Promise<StoredObject | null>
  get(
    key: ObjectKey,
    options?: GetOptions,
  ): Promise<{ object: StoredObject; body: ReadableStream<Uint8Array> } | null>
  /** Creates or replaces the object whole. Safe to repeat with the same bytes. */
  put(key: ObjectKey, body: Uint8Array<ArrayBuffer> | SizedStream, options: PutOptions): Promise<StoredObject>
  /**
   * Copies an object inside the store (CopyObject), with these headers and no other metadata, if the source
   * still has the ETag `ifMatch`; null when it has not, or is gone. Safe to repeat. Stores that ignore the
   * condition are caught by a comparison of what was copied, as far as they vouch for its MD5. At most 5 GiB.
   */
  copy(
    from: ObjectKey,
    to: ObjectKey,
    options: ObjectHeaders & { ifMatch: string },
  ): Promise<StoredObject | null>
  /**
   * A page of the keys that begin with `prefix` and come after `after` (null: from the first), in the store's
   * order: at most 1000. `unsupported`: this store cannot list.
   */
  list(prefix: string, after: string | null): Promise<ListedKeys | 'unsupported'>
  /** Deletes what exists; deleting nothing is fine. Safe to repeat. */
  delete(keys: readonly ObjectKey[]): Promise<void>
  /** Resolves when the bucket answers. */
  check(): Promise<void>
}

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
