import type { Md5, ObjectKey, Sha256 } from '../ids'

/** What the store says about an object. */
export type StoredObject = {
  key: ObjectKey
  byteSize: number
  /** Opaque, without quotes. Changes whenever the bytes change. */
  etag: string
  /** As stored; null when the store has none. */
  contentType: string | null
  /** The Content-Encoding that the client claimed when it put the object; null when none. */
  contentEncoding: string | null
  /** As stored; null when none. */
  contentDisposition: string | null
  /** The store keeps other headers or metadata with it than those above, and says them to clients that get it. */
  hasOtherHeaders: boolean
  /** Checksums of the bytes that the store vouches for; null where it says nothing. */
  md5: Md5 | null
  sha256: Sha256 | null
}

/** What the store keeps with an object and sends to every client that gets it. */
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
export interface ObjectStore {
  head(key: ObjectKey): Promise<StoredObject | null>
  get(
    key: ObjectKey,
    options?: GetOptions,
  ): Promise<{ object: StoredObject; body: ReadableStream<Uint8Array> } | null>
  /** Creates or replaces the object whole. Safe to repeat with the same bytes. */
  put(key: ObjectKey, body: Uint8Array<ArrayBuffer> | SizedStream, options: PutOptions): Promise<StoredObject>
  /**
   * Creates the object unless there is one (If-None-Match: *): null, and that one stays. Where stores do not know the
   * condition (`supportsIfNoneMatch`) this is never called.
   */
  putOnce(key: ObjectKey, body: Uint8Array<ArrayBuffer>, options: PutOptions): Promise<StoredObject | null>
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
