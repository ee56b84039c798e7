import type { Content } from '../contents/content'
import { deleteObjects } from '../deletions/delete-objects'
import { fail } from '../errors'
import { type FileRecord, isStored, type StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { Sha256 } from '../ids'
import type { StoredObject } from '../ports/object-store'
import type { StreamEnd, UploadIntent, VerifiedBytes } from '../ports/upload-repository'
import { sampleMismatch } from './verify-object'

// What the ways to create a file have in common: how a request ends the upload that it began itself.

/** Throws `type_mismatch` when the first bytes are recognisably of another type than was declared. */
export async function requireType(
  gateway: Gateway,
  declared: string,
  sample: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const mismatch = await sampleMismatch(gateway, declared, sample)
  if (mismatch !== null) fail(mismatch)
}

/**
 * Gives the file of `intent` bytes that the organization has; null when these, or the file, were deleted since they
 * were looked up. One database round trip. Throws `database_failed`.
 */
export async function adoptKnown(
  gateway: Gateway,
  intent: UploadIntent,
  known: Content,
): Promise<StoredFile | null> {
  const file = await gateway.uploads.adopt(intent, known)
  return file && isStored(file) ? file : null
}

/** Bytes that the Worker itself has put where they stay, as the object `put`. */
export function bytesOfPut({ etag }: StoredObject, byteSize: number, sha256: Sha256): VerifiedBytes {
  return { byteSize, sha256, etag, sourceEtag: null }
}

/**
 * Gives the file of `intent` its bytes. One database round trip. Throws `quota_exceeded`, `upload_superseded`,
 * `database_failed`; after the last of them the file may be ready all the same, so it is left to the sweep.
 */
export async function finishUpload(
  gateway: Gateway,
  intent: UploadIntent,
  bytes: VerifiedBytes,
  end?: StreamEnd,
): Promise<StoredFile> {
  const { file, due } = await gateway.uploads.settle(intent, bytes, gateway.now(), end)
  deleteObjects(gateway, due)
  return storedOrSuperseded(file)
}

/**
 * `file` as the request that began its upload answers with it. Throws `upload_superseded` if a retry took over its
 * idempotency key, or the file was deleted, while the request was storing its bytes.
 */
export function storedOrSuperseded(file: FileRecord | null): StoredFile {
  return file && isStored(file) ? file : fail({ code: 'upload_superseded' })
}

/**
 * Takes away, after the answer is sent, what a failed request left: the upload's row with its idempotency key, and
 * what `after` removes. The sweep takes away what cannot be removed now. An upload that was settled all the same is
 * left as it is.
 */
export function leaveNothing(gateway: Gateway, { file }: UploadIntent, after?: () => Promise<void>): void {
  const work = async () => {
    await gateway.uploads.abandon([file], null, gateway.now())
    await after?.()
  }
  gateway.background(
    work().catch((cause) => {
      gateway.log({ event: 'upload_left_to_sweep', fileId: file.id, cause })
    }),
  )
}
