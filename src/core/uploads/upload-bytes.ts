import type { Content } from '../contents/content'
import { contradictingType } from '../contents/verify-content-type'
import { deleteObjects } from '../deletions/delete-objects'
import { fail } from '../errors'
import type { FileRecord, StoredFile } from '../files/file-record'
import { isStored } from '../files/file-record'
import type { Gateway } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { type Sha256, sha256Of } from '../ids'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { UploadIntent } from '../ports/upload-repository'
import { beginUpload, intentOf, type NewFile } from './begin-upload'
import { edgeUploadTtlMs } from './upload'

export type UploadBytes = {
  file: NewFile
  bytes: Uint8Array<ArrayBuffer>
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

/**
 * Stores bytes that are in the Worker as a new, ready file. Bytes the organization already has are not
 * stored again. Two database round trips: the intent with the look-up of known bytes, and the end.
 *
 * Throws `type_mismatch`, `quota_exceeded`, `too_many_files`, what an idempotency key can throw, `upload_superseded` when
 * another request with the same key took over, `store_failed`, `database_failed`.
 */
export async function uploadBytes(
  gateway: Gateway,
  input: UploadBytes,
): Promise<{ file: StoredFile; replayed: boolean }> {
  const now = gateway.now()
  const { file, bytes } = input
  const sample = bytes.slice(0, detectionSampleBytes)
  const actual = contradictingType(file.contentType, await gateway.detectContentType(sample))
  if (actual !== null) fail({ code: 'type_mismatch', declared: file.contentType, actual })

  const sha256 = await sha256Of(bytes)
  const request = [file.filename, file.contentType, file.metadata, sha256]
  const claim = await claimFor(input.idempotencyKey, input.operation, request, now)
  const intent = await intentOf(
    gateway,
    file,
    { method: 'edge', byteSize: bytes.length, ttlMs: edgeUploadTtlMs },
    now,
  )
  const begun = await beginUpload(gateway, intent, { claim, sha256, completesReply: false }, now)
  if ('replay' in begun) return { file: storedOrSuperseded(begun.replay), replayed: true }

  const adopted = begun.known && (await adopt(gateway, intent, begun.known))
  const stored = adopted ?? (await store(gateway, intent, bytes, sha256))
  return { file: stored, replayed: false }
}

/** The file on known content; null when that content was deleted in the meantime. */
async function adopt(gateway: Gateway, intent: UploadIntent, known: Content): Promise<StoredFile | null> {
  const file = await gateway.uploads.adopt(intent, known)
  return file?.status === 'uploading' ? null : storedOrSuperseded(file)
}

async function store(
  gateway: Gateway,
  intent: UploadIntent,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: Sha256,
): Promise<StoredFile> {
  const { objectKey, contentType } = intent.upload
  const object = await abandonOnFailure(gateway, intent, () =>
    gateway.objects.put(objectKey, bytes, { contentType, sha256 }),
  )
  const verified = {
    byteSize: bytes.length,
    sha256,
    etag: object.etag,
    sourceEtag: null,
  }
  // From here on a failure may have taken effect: the file is left to the sweep, which sees what is so.
  const { file, due } = await gateway.uploads.settle(intent, verified, gateway.now())
  deleteObjects(gateway, due)
  return storedOrSuperseded(file)
}

/** What a failed request leaves is taken away at once if possible, otherwise by the sweep. */
async function abandonOnFailure<T>(
  gateway: Gateway,
  intent: UploadIntent,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const { id: fileId } = intent.file
    gateway.background(
      gateway.uploads.abandon([fileId], null, gateway.now()).catch((cause) => {
        gateway.log({ event: 'upload_left_to_sweep', fileId, cause })
      }),
    )
    throw error
  }
}

/** A request that was overtaken (its key's place was taken, or the file deleted) made nothing. */
function storedOrSuperseded(file: FileRecord | null): StoredFile {
  return file && isStored(file) ? file : fail({ code: 'upload_superseded' })
}
