import { fail } from '../errors'
import type { FileBase, FileRecord, PendingFile } from '../files/file-record'
import { type Gateway, singlePutMaxBytes } from '../gateway'
import { claimFor } from '../idempotency/idempotency'
import { beginUpload, intentOf, type NewFile } from './begin-upload'
import { type HeaderSeal, noHeaderSeal, type Upload } from './upload'

export type PresignUpload = {
  file: NewFile
  /** Exactly how many bytes will come; null: any number up to what one PUT can carry. */
  byteSize: number | null
  /**
   * For clients that are told which headers to send. `writeOnce` is a wish: it is sealed where the store is
   * known to take it. Left out: a bare URL.
   */
  seal?: HeaderSeal
  idempotencyKey: string | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

export type PresignedUpload = {
  file: FileBase
  upload: Upload
  url: string
  /** What the client must send with its PUT, and nothing but that is accepted. */
  headers: Record<string, string>
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
  const seal = input.seal ?? noHeaderSeal
  const checksums = input.seal ? [seal.md5, seal.sha256, file.checksum] : []
  const request = [file.filename, file.contentType, file.metadata, byteSize, ...checksums]
  const claim = await claimFor(input.idempotencyKey, input.operation, request, now)
  const ttlMs = gateway.limits.uploadUrlTtlSeconds * 1000
  const sealed = { ...seal, writeOnce: seal.writeOnce && gateway.store.writesOnce }
  const intent = intentOf(gateway, file, { method: 'presigned_put', byteSize, ttlMs, seal: sealed }, now)
  const begun = await beginUpload(gateway, intent, { claim, sha256: null, replyNow: true }, now)

  if (!('replay' in begun)) return presigned(gateway, intent.file, intent.upload, now, false)
  const upload = pendingUploadOf(begun.replay)
  const expiresAt = begun.uploadExpiresAt ?? upload.expiresAt
  return presigned(gateway, begun.replay, { ...upload, expiresAt }, now, true)
}

/** The place of a pending file under a newly signed URL with the same seal; it ends when the upload does. */
export async function presignAgain(
  gateway: Gateway,
  { upload }: PendingFile,
): Promise<{ url: string; headers: Record<string, string> }> {
  return gateway.presigner.presignPut(upload.objectKey, upload, ttlOf(upload, gateway.now()))
}

async function presigned(
  gateway: Gateway,
  file: FileBase,
  upload: Upload,
  now: number,
  replayed: boolean,
): Promise<PresignedUpload> {
  const ttlSeconds = ttlOf(upload, now)
  const { url, headers } = await gateway.presigner.presignPut(upload.objectKey, upload, ttlSeconds)
  return { file, upload, url, headers, ttlSeconds, replayed }
}

function ttlOf(upload: Upload, now: number): number {
  return Math.max(1, Math.floor((upload.expiresAt - now) / 1000))
}

function pendingUploadOf(file: FileRecord): Upload {
  return file.status === 'uploading' ? file.upload : fail({ code: 'internal' })
}
