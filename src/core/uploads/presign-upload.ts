import { fail, failField } from '../errors'
import type { FileBase, PendingFile } from '../files/file-record'
import { type Gateway, singlePutMaxBytes } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { beginUpload, intentOf, type NewFile, type Replay, type UploadPlan } from './begin-upload'
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
  idempotencyKey: IdempotencyKey | null
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
 * Throws `upload_too_large` over 5 GiB, `quota_exceeded`, `too_many_uploads`, `too_many_unsized_uploads`,
 * `too_many_files`, what an idempotency key can throw, `replay_over`, `database_failed`.
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
  const intent = await intentOf(gateway, file, await singlePutPlan(gateway, byteSize, seal), now)
  const begun = await beginUpload(gateway, intent, { claim, sha256: null, replyNow: true }, now)
  return 'replay' in begun
    ? presignReplayed(gateway, begun)
    : presignIntent(gateway, intent.file, intent.upload, false)
}

/**
 * How bytes of one PUT come: to where they stay if the URL can put them there once only, elsewhere otherwise.
 * Throws `invalid_request` for a SHA-256 that nobody could verify.
 */
export async function singlePutPlan(
  gateway: Gateway,
  byteSize: number | null,
  seal: HeaderSeal,
): Promise<UploadPlan> {
  const { store } = gateway
  // R2 and AWS compare a signed x-amz-checksum-sha256 with the body themselves.
  if (store.service === 's3') requireVerifiable(gateway, byteSize, { md5: null, sha256: seal.sha256 })
  const writeOnce = seal.writeOnce && store.writesOnce
  return {
    method: 'presigned_put',
    byteSize,
    ttlMs: uploadUrlTtlSeconds(gateway, byteSize ?? 0) * 1000,
    seal: { ...seal, writeOnce },
    isPromoted: !(writeOnce && (await store.keepsWriteOnce())),
  }
}

/** Throws `invalid_request` when a checksum would have to be computed of more bytes than are read for that. */
export function requireVerifiable(
  { limits }: Gateway,
  byteSize: number | null,
  promised: Pick<HeaderSeal, 'md5' | 'sha256'>,
): void {
  const field = promised.sha256 ? 'sha256' : promised.md5 ? 'md5' : null
  if (field === null || (byteSize !== null && byteSize <= limits.hashMaxBytes)) return
  failField(field, `can be verified up to ${limits.hashMaxBytes} bytes; leave it out for larger files`)
}

/** The slowest client that is waited for: 1 Mbit/s. */
const bytesPerSecondMin = 128 * 1024

/** How long a URL for `byteSize` bytes can be used: long enough for a slow client, as far as configured. */
export function uploadUrlTtlSeconds({ limits }: Gateway, byteSize: number): number {
  const { uploadUrlTtlSeconds, uploadUrlMaxTtlSeconds } = limits
  const wanted = Math.max(uploadUrlTtlSeconds, Math.ceil(byteSize / bytesPerSecondMin))
  return Math.min(wanted, Math.max(uploadUrlTtlSeconds, uploadUrlMaxTtlSeconds))
}

/** The place of a pending file under a newly signed URL with the same seal; it ends when the upload does. */
export async function presignAgain(
  gateway: Gateway,
  { upload }: PendingFile,
): Promise<{ url: string; headers: Record<string, string> }> {
  return gateway.presigner.presignPut(upload.objectKey, upload, ttlOf(upload, gateway.now()))
}

/**
 * The answer to a request whose key has one already: the same place, until its upload expires now. Also once the
 * bytes are there, when the URL does nothing any more. Throws `replay_over`.
 */
export function presignReplayed(gateway: Gateway, replay: Replay): Promise<PresignedUpload> {
  const upload = pendingUploadOf(replay)
  const expiresAt = replay.uploadExpiresAt ?? upload.expiresAt
  return presignIntent(gateway, replay.replay, { ...upload, expiresAt }, true)
}

/** A URL for the bytes of `upload`, valid until it expires. */
export async function presignIntent(
  gateway: Gateway,
  file: FileBase,
  upload: Upload,
  replayed: boolean,
): Promise<PresignedUpload> {
  const ttlSeconds = ttlOf(upload, gateway.now())
  const { url, headers } = await gateway.presigner.presignPut(upload.objectKey, upload, ttlSeconds)
  return { file, upload, url, headers, ttlSeconds, replayed }
}

/** Rounded up: a new URL lives as long as was configured, whatever the database took. */
function ttlOf(upload: Upload, now: number): number {
  return Math.max(1, Math.ceil((upload.expiresAt - now) / 1000))
}

/**
 * The upload that a stored reply tells of. Throws `replay_over` when its file was deleted, refused or has failed:
 * no URL is handed out for what is gone.
 */
export function pendingUploadOf({ replay: file, subjectStatus }: Replay): Upload {
  const fileId = file.id
  if (subjectStatus === null) fail({ code: 'replay_over', fileId, became: 'deleted' })
  if (subjectStatus === 'error') fail({ code: 'replay_over', fileId, became: 'refused' })
  if (subjectStatus === 'failed') fail({ code: 'replay_over', fileId, became: 'failed' })
  return file.status === 'uploading' ? file.upload : fail({ code: 'internal' })
}
