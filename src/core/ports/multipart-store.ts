import type { ObjectKey } from '../ids'
import type { ObjectHeaders } from './object-store'

/** A part that the store has. */
export type UploadedPart = {
  /** 1 to 10 000. */
  partNumber: number
  /** Opaque, without quotes. */
  etag: string
  byteSize: number
}

/** What became of a CompleteMultipartUpload. */
export type CompletedMultipart =
  | 'completed'
  /** It was completed before, aborted, or never was: only a look at the object tells. */
  | 'no_such_upload'
  /** A part is missing, has another ETag, or is too small or of another size than the others. */
  | 'invalid_parts'

/**
 * Multipart uploads whose parts clients PUT themselves. Always through the S3 endpoint, for which the URLs of
 * the parts are signed, also where there is an R2 binding. Every method throws `store_failed` when the store
 * does not answer as it should.
 */
export interface MultipartStore {
  /** CreateMultipartUpload: the store's name of the upload. Not safe to repeat: each call makes one. */
  create(key: ObjectKey, headers: ObjectHeaders): Promise<string>
  /** ListParts, all pages, in order. `unsupported`: this store cannot. null: there is no such upload (any more). */
  listParts(key: ObjectKey, multipartId: string): Promise<UploadedPart[] | 'unsupported' | null>
  /** CompleteMultipartUpload. `parts` in order. */
  complete(
    key: ObjectKey,
    multipartId: string,
    parts: readonly Pick<UploadedPart, 'partNumber' | 'etag'>[],
  ): Promise<CompletedMultipart>
  /** AbortMultipartUpload; one that is not there (any more) is fine. Safe to repeat. */
  abort(key: ObjectKey, multipartId: string): Promise<void>
  /** Aborts every multipart upload that was begun for exactly `key`, as far as the store can list them. */
  abortAll(key: ObjectKey): Promise<void>
}
