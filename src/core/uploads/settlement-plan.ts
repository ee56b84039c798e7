import type { StoreFacts } from '../gateway'
import type { StoredObject } from '../ports/object-store'
import type { ArrivingUpload } from './upload'
import { hasUnpromisedHeaders } from './verify-object'

/** What counts of bytes that a client has put into the bucket when they are settled. */
export type Arrival = {
  /**
   * `promoted`: they go to another key, as a URL could still replace them where they are. `rewritten`: no URL can,
   * but the object has headers that were not promised, so it is written anew at its key with its own. `kept`: the
   * object stays as it is.
   */
  destination: 'promoted' | 'rewritten' | 'kept'
  /** `large`: of more bytes than are read to hash them. */
  size: 'empty' | 'hashable' | 'large'
  /** The store vouches for the SHA-256, and for the MD5 if one is sealed. */
  isAttested: boolean
}

/** What is read of bytes that have come, and how they get to where they stay. */
export type SettlementPlan = {
  /** Whether one version of the incoming bytes has to be chosen before they are copied. */
  choosesVersion: boolean
  /** `start`: as much as is needed to recognise the type. */
  reads: 'all' | 'start'
  /** Whether digests are computed from what is read; otherwise only what the store vouches for is known. */
  hashes: boolean
  /** `through_worker`: what is read is put again. `in_store`: CopyObject, once the digests agree. */
  copies: 'none' | 'through_worker' | 'in_store'
}

/** How `upload` has arrived as `object`. Bytes are hashed up to `hashMaxBytes`. */
export function arrivalOf(upload: ArrivingUpload, object: StoredObject, hashMaxBytes: number): Arrival {
  const size = object.byteSize === 0 ? 'empty' : object.byteSize <= hashMaxBytes ? 'hashable' : 'large'
  const isAttested = object.sha256 !== null && (upload.md5 === null || object.md5 !== null)
  return { destination: destinationOf(upload, object), size, isAttested }
}

function destinationOf(upload: ArrivingUpload, object: StoredObject): Arrival['destination'] {
  if (upload.contentKey !== upload.objectKey) return 'promoted'
  // The store has put an object of parts together itself, with the headers it was begun with.
  return upload.method === 'presigned_put' && hasUnpromisedHeaders(upload, object) ? 'rewritten' : 'kept'
}

/**
 * The plan for an arrival in a store. Pure.
 *
 * A copy passes through the Worker where CopyObject does not check the ETag of its source, and, up to the size that
 * is hashed, where the Worker reads and writes through the R2 binding. The store copies all other bytes itself.
 */
export function planSettlement(
  { destination, size, isAttested }: Arrival,
  store: Pick<StoreFacts, 'hasR2Binding' | 'honoursCopyIfMatch'>,
): SettlementPlan {
  const isHashable = size !== 'large'
  const passesThrough = !store.honoursCopyIfMatch || (isHashable && store.hasR2Binding)
  const copies = destination === 'kept' ? 'none' : passesThrough ? 'through_worker' : 'in_store'
  // Of no bytes no range can be asked for.
  const readsAll = copies === 'through_worker' || size === 'empty' || (isHashable && !isAttested)
  return {
    choosesVersion: destination === 'promoted',
    reads: readsAll ? 'all' : 'start',
    hashes: readsAll && isHashable,
    copies,
  }
}
