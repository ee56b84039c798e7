import { fail } from '../errors'
import type { FileBase, FileRecord } from '../files/file-record'
import { type Gateway, singlePutMaxBytes } from '../gateway'
import { claimFor } from '../idempotency/idempotency'
import { beginUpload, intentOf, type NewFile } from './begin-upload'
import type { Upload } from './upload'

export type PresignUpload = {
  file: NewFile
  /** Exactly how many bytes will come; null: any number up to what one PUT can carry. */
  byteSize: number | null
  idempotencyKey: string | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

export type PresignedUpload = {
  file: FileBase
  upload: Upload
  url: string
  /** How long `url` can be used from now on. */
  ttlSeconds: number
  replayed: boolean
}

/**
 * Promises a place for bytes that the client will PUT into the bucket itself. One database round trip.
 * A repeated request gets the same place under a newly signed URL; its lifetime grows anew while the
 * bytes are awaited, and never after that.
 *
 * Throws `upload_too_large` over 5 GiB, `quota_exceeded`, what an idempotency key can throw,
 * `database_failed`.
 */
export async function presignUpload(gateway: Gateway, input: PresignUpload): Promise<PresignedUpload> {
  const now = gateway.now()
  const { file, byteSize } = input
  if (byteSize !== null && byteSize > singlePutMaxBytes)
    fail({ code: 'upload_too_large', limitBytes: singlePutMaxBytes, byteSize })
  const request = [file.filename, file.contentType, file.metadata, byteSize]
  const claim = await claimFor(input.idempotencyKey, input.operation, request, now)
  const ttlMs = gateway.limits.uploadUrlTtlSeconds * 1000
  const intent = intentOf(gateway, file, { method: 'presigned_put', byteSize, ttlMs }, now)
  const begun = await beginUpload(gateway, intent, { claim, sha256: null, replyNow: true }, now)

  if (!('replay' in begun)) return presigned(gateway, intent.file, intent.upload, now, false)
  const upload = pendingUploadOf(begun.replay)
  const expiresAt = begun.uploadExpiresAt ?? upload.expiresAt
  return presigned(gateway, begun.replay, { ...upload, expiresAt }, now, true)
}

async function presigned(
  gateway: Gateway,
  file: FileBase,
  upload: Upload,
  now: number,
  replayed: boolean,
): Promise<PresignedUpload> {
  const ttlSeconds = Math.max(1, Math.floor((upload.expiresAt - now) / 1000))
  const url = await gateway.presigner.presignPut(upload.objectKey, upload, ttlSeconds)
  return { file, upload, url, ttlSeconds, replayed }
}

function pendingUploadOf(file: FileRecord): Upload {
  return file.status === 'uploading' ? file.upload : fail({ code: 'internal' })
}
