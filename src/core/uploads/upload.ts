import type { Md5, ObjectKey, Sha256 } from '../ids'

/** What is sealed beside type and size, where the client is told which headers to send. */
export type HeaderSeal = {
  /** null: not sealed. */
  md5: Md5 | null
  /** null: not sealed. */
  sha256: Sha256 | null
  /** Sealed with `if-none-match: *`: once there are bytes at the key, the URL cannot change them. */
  writeOnce: boolean
  /** A header value that the store keeps with the object; null: not sealed. */
  contentDisposition: string | null
}

/** The seal of a bare URL. */
export const noHeaderSeal: HeaderSeal = {
  md5: null,
  sha256: null,
  writeOnce: false,
  contentDisposition: null,
}

/** An intention to store bytes: where, until when, and what was sealed. */
export type Upload = HeaderSeal & {
  /** `edge`: through the Worker. The others: the client puts the bytes, or parts of them, into the bucket itself. */
  method: 'edge' | 'presigned_put' | 'multipart'
  /** Where the bytes are put. */
  objectKey: ObjectKey
  /** Where they are in the end. Another key where a URL could still replace them when they are settled. */
  contentKey: ObjectKey
  contentType: string
  /** null: not sealed. */
  byteSize: number | null
  /** Milliseconds since 1970 UTC; after that no new PUT can begin. */
  expiresAt: number
  /** The store's name of the multipart upload; null: none is known. */
  multipartId: string | null
  /** The size of every part but the last of a client's multipart upload; null for the other methods. */
  partBytes: number | null
  /** The one version of the incoming bytes that may be promoted; null: none has been chosen. */
  promotingEtag: string | null
  /** When it was last chosen, in milliseconds since 1970 UTC. */
  promotingAt: number | null
}

/** How long a request whose bytes pass through the Worker may take before it is taken for dead. */
export const edgeUploadTtlMs = 15 * 60 * 1000

/** A PUT that began in time may still land this long after its URL expired. */
export const lateArrivalMs = 24 * 60 * 60 * 1000

/**
 * How long a promotion may take. One that is still running then is over: another version of the bytes may be
 * chosen, and nothing of it can land at the key of a file that was deleted meanwhile.
 */
export const promotionMaxMs = 60 * 60 * 1000

/** How long a client's multipart upload lives; R2 ends them by itself after as long. */
export const multipartTtlMs = 7 * 24 * 60 * 60 * 1000
