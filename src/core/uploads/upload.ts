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

/** An intention to store bytes: where, until when, how they come, and what was sealed. */
export type Upload = EdgeUpload | PutUpload | MultipartUpload | AppendUpload

/** An upload whose bytes the client puts into the bucket itself. */
export type ClientUpload = PutUpload | MultipartUpload

/** An upload whose bytes are verified once they are in the bucket. */
export type ArrivingUpload = ClientUpload | AppendUpload

export type EdgeUpload = UploadPlace & EdgeDelivery
export type PutUpload = UploadPlace & PutDelivery
export type AppendUpload = UploadPlace & AppendDelivery
export type MultipartUpload = UploadPlace & (PlannedParts | BegunParts)

/** A multipart upload that has been begun in the store. */
export type BegunMultipart = UploadPlace & BegunParts

/** What every upload has, however its bytes come. */
export type UploadPlace = {
  /** Where the bytes are put. */
  objectKey: ObjectKey
  /** Where they are in the end. Another key where a URL could still replace them when they are settled. */
  contentKey: ObjectKey
  contentType: string
  /** Milliseconds since 1970 UTC; after that no new PUT can begin. */
  expiresAt: number
}

/** Through the Worker. */
export type EdgeDelivery = {
  method: 'edge'
  /** null: known only when all bytes have come. */
  byteSize: number | null
}

/** In one PUT of the client's. */
export type PutDelivery = HeaderSeal & {
  method: 'presigned_put'
  /** null: not sealed. */
  byteSize: number | null
  /** The one version of the incoming bytes that may be promoted; null: none has been chosen. */
  promotion: Promotion | null
}

/** In parts, each in a PUT of the client's. The URL of a part seals its size and nothing else. */
type Parts = Omit<HeaderSeal, 'writeOnce'> & {
  method: 'multipart'
  byteSize: number
  /** The size of every part but the last. */
  partBytes: number
}

/** Through the Worker, in as many requests as the client likes. */
export type AppendDelivery = {
  method: 'append'
  /** null: the client has not said it yet. */
  byteSize: number | null
  md5: null
  /** Of all bytes, as it was promised; null: it was not. */
  sha256: Sha256 | null
  contentDisposition: null
  /** The size of every part in the store but the last. */
  partBytes: number
  /** null: the bytes are put in one piece; or the store has not begun it, or its id was not recorded. */
  multipartId: string | null
  /** How many bytes are kept for certain. */
  receivedBytes: number
}

/** The store has not begun it, or its id was not recorded. */
export type PlannedParts = Parts & { multipartId: null }

/** The store knows it by `multipartId`. */
export type BegunParts = Parts & { multipartId: string }

export type Promotion = {
  etag: string
  /** When it was last chosen, in milliseconds since 1970 UTC. */
  at: number
}

/** How long a request whose bytes pass through the Worker may take; after that it counts as dead. */
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

/** Whether the store's multipart upload of it has still to be begun, or noted. */
export function awaitsMultipart(upload: Upload): boolean {
  if (upload.method === 'multipart') return upload.multipartId === null
  return upload.method === 'append' && upload.multipartId === null && comesInParts(upload)
}

/**
 * Whether bytes that are appended become parts of a multipart upload: more than one part of them, or no client knows how
 * many. Others are put in one piece.
 */
export function comesInParts({
  byteSize,
  partBytes,
}: Pick<AppendDelivery, 'byteSize' | 'partBytes'>): boolean {
  return byteSize === null || byteSize > partBytes
}
