import type { Md5, ObjectKey, Sha256 } from '../ids'
import type { StreamStore } from './object-writer'

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
  /** Checksums of the bytes that the store vouches for; null where it says nothing. */
  md5: Md5 | null
  sha256: Sha256 | null
}

export type PutOptions = {
  contentType: string
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
  /** Deletes what exists; deleting nothing is fine. Safe to repeat. */
  delete(keys: readonly ObjectKey[]): Promise<void>
  /** Resolves when the bucket answers. */
  check(): Promise<void>
}
