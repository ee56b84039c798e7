import { type FileBase, isStored, type PendingFile, type StoredFile } from '../../core/files/file-record'
import { artifactTypeOf, type Metadata } from '../../core/files/metadata'
import type { FileId } from '../../core/ids'
import type { PresignedUpload } from '../../core/uploads/single-put'
import type { Upload } from '../../core/uploads/upload'
import type * as Answered from './answers'

/** What belongs to a blob and is not part of the file itself. */
export type BlobFacts = { signedId: string; serviceName: string }

/** How to send the bytes. */
type Put = Pick<PresignedUpload, 'url' | 'headers'>

/** A blob whose bytes are awaited. `put` is null for a client that may not send them. */
export function presentPending(
  file: FileBase,
  upload: Upload,
  facts: BlobFacts,
  put: Put | null,
): Answered.Blob {
  return present(file, { key: upload.contentKey, byteSize: upload.byteSize ?? 0 }, facts, put)
}

/** A blob as it is now. `put` is only of use while its bytes are awaited. */
export function presentBlob(
  file: StoredFile | PendingFile,
  facts: BlobFacts,
  put: Put | null,
): Answered.Blob {
  if (!isStored(file)) return presentPending(file, file.upload, facts, put)
  const { objectKey, byteSize } = file.content
  return present(file, { key: objectKey, byteSize }, facts, null)
}

/** The order of Active Storage's own answer. */
function present(
  file: FileBase,
  bytes: { key: string; byteSize: number },
  { signedId, serviceName }: BlobFacts,
  put: Put | null,
): Answered.Blob {
  return {
    id: integerIdOf(file.id),
    key: bytes.key,
    filename: file.filename,
    content_type: file.contentType,
    metadata: withoutDerived(file),
    service_name: serviceName,
    byte_size: bytes.byteSize,
    checksum: file.checksum ?? '',
    created_at: new Date(file.createdAt).toISOString(),
    signed_id: signedId,
    direct_upload: put && { url: put.url, headers: put.headers },
  }
}

/**
 * The integer that this API wants for an id: the last 52 random bits of the UUID, which JavaScript can hold
 * exactly. No counter on purpose: one that all organizations share would tell each how much the others
 * upload, and one per organization would be a row that all its uploads wait for. Nothing is looked up by it.
 */
export function integerIdOf(id: FileId): number {
  return Number.parseInt(id.replaceAll('-', '').slice(-13), 16)
}

/** Metadata as it was given: the core adds what kind of file it is, which this API does not know. */
function withoutDerived({ metadata, contentType }: FileBase): Metadata {
  const { artifactType, ...given } = metadata
  return artifactType === artifactTypeOf(contentType) ? given : metadata
}
