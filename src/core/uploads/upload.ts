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
  /** `edge`: through the Worker. `presigned_put`: the client puts the bytes into the bucket itself. */
  method: 'edge' | 'presigned_put'
  objectKey: ObjectKey
  contentType: string
  /** null: not sealed. */
  byteSize: number | null
  /** Milliseconds since 1970 UTC; after that no new PUT can begin. */
  expiresAt: number
  /** The store's name of the multipart upload that the Worker sends the bytes with; null: none is known. */
  multipartId: string | null
}

/** How long a request whose bytes pass through the Worker may take before it is taken for dead. */
export const edgeUploadTtlMs = 15 * 60 * 1000

/** A PUT that began in time may still land this long after its URL expired. */
export const lateArrivalMs = 24 * 60 * 60 * 1000
