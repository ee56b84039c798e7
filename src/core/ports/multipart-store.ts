import type { ObjectKey } from '../ids'
import type { UploadedPart } from '../uploads/uploaded-part'
import type { ObjectHeaders, StoredObject } from './object-store'

/** What became of a CompleteMultipartUpload. */
export type CompletedMultipart =
  /** `object`: what the parts make, as the store describes it; null: it does not, ask with `head`. */
  | { outcome: 'completed'; object: StoredObject | null }
  /** The upload was completed before, aborted, or never begun. Ask with `head` whether the object is there. */
  | { outcome: 'no_such_upload' }
  /** A part is missing, has another ETag, or is too small or of another size than the others. */
  | { outcome: 'invalid_parts' }

/**
 * Multipart uploads of one bucket. An upload is gone on with through the adapter that began it: whether R2's
 * binding and R2's S3 endpoint accept each other's upload ids is not documented. Every method throws
 * `store_failed` when the store does not answer as it should.
 */
export interface MultipartStore {
  /** CreateMultipartUpload: the store's id of the upload. Not safe to repeat: each call makes one. */
  create(key: ObjectKey, headers: ObjectHeaders): Promise<string>
  /**
   * UploadPart with bytes that are in the Worker's memory. Replaces the part of that number; safe to repeat.
   * null: there is no such upload (any more).
   */
  uploadPart(
    key: ObjectKey,
    multipartId: string,
    partNumber: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<UploadedPart | null>
  /**
   * ListParts, all pages, in order. `unsupported`: this store has no such operation (R2's binding, wrangler's S3 endpoint).
   * null: there is no such upload (any more).
   */
  listParts(key: ObjectKey, multipartId: string): Promise<UploadedPart[] | 'unsupported' | null>
  /** CompleteMultipartUpload. `parts` in ascending order. */
  complete(
    key: ObjectKey,
    multipartId: string,
    parts: readonly Pick<UploadedPart, 'partNumber' | 'etag'>[],
  ): Promise<CompletedMultipart>
  /** AbortMultipartUpload; one that is not there (any more) is fine. Safe to repeat. */
  abort(key: ObjectKey, multipartId: string): Promise<void>
  /**
   * Aborts every multipart upload that was begun for exactly `key`. `unsupported`: this store cannot list them,
   * so none was aborted.
   */
  abortAll(key: ObjectKey): Promise<'aborted' | 'unsupported'>
}
