import type { ObjectKey } from '../ids'

/** An intention to store bytes: where, until when, and what was sealed. */
export type Upload = {
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
