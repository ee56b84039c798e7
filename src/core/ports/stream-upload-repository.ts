import type { Resource } from '../associations/association'
import type { FileOrigin, FileRecord } from '../files/file-record'
import type { FileReply, IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { FileId, ObjectKey, OrganizationId } from '../ids'
import type { UploadIntent, VerifiedBytes } from './repositories'

/** What is said about a file besides its bytes, known only when all of them have come. */
export type StreamDetails = { origin: FileOrigin; resource: Resource | null }

/**
 * Uploads whose hash is not known before they end: their idempotency key, whose fingerprint needs it, is
 * claimed by the batch that ends them.
 */
export interface StreamUploadRepository {
  /**
   * Writes the intent down, unless a request has the idempotency key already: then nothing is made and its
   * record is returned.
   */
  begin(
    intent: UploadIntent,
    idempotencyKey: string | null,
    now: number,
  ): Promise<IdempotencyRecord<FileReply> | null>
  /** Notes the store's multipart upload, for the sweep. Does nothing when the upload is no longer pending. */
  noteMultipart(
    subject: { organizationId: OrganizationId; fileId: FileId },
    multipartId: string,
  ): Promise<void>
  /**
   * Claims the key and gives the pending file its bytes, as `UploadRepository.settle` does, its details and
   * its association, all at once. When somebody else holds the key, the file is removed instead, its object
   * is due for deletion, and that record is returned. Does nothing when the upload is no longer pending.
   * Throws `quota_exceeded`.
   */
  settle(
    upload: { intent: UploadIntent; bytes: VerifiedBytes; details: StreamDetails },
    claim: IdempotencyClaim | null,
    now: number,
  ): Promise<{
    file: FileRecord | null
    holder: IdempotencyRecord<FileReply> | null
    due: ObjectKey[]
  }>
}
