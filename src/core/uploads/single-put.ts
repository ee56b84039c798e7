import { fail } from '../errors'
import type { FileBase } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { PresignedPut } from '../ports/presigner'
import type { Replay, UploadPlan } from './begin-upload'
import type { BegunMultipart, HeaderSeal, PutDelivery, PutUpload } from './upload'
import { uploadUrlTtlSeconds } from './url-lifetime'

export type PresignedUpload = {
  file: FileBase
  upload: PutUpload
  url: string
  /** What the client must send with its PUT, and nothing but that is accepted. */
  headers: Record<string, string>
  /** How long `url` can be used from now on. */
  ttlSeconds: number
  replayed: boolean
}

/**
 * How bytes of one PUT come: to where they stay if the URL can put them there once only, elsewhere otherwise.
 * Throws `checksum_unverifiable` for a SHA-256 that can be verified neither by the store nor here, `store_failed` where
 * the store has to be asked what it enforces and does not answer.
 */
export async function singlePutPlan(
  gateway: Gateway,
  byteSize: number | null,
  seal: HeaderSeal,
): Promise<UploadPlan<PutDelivery>> {
  const { store } = gateway
  // R2 and AWS compare a signed x-amz-checksum-sha256 with the body themselves.
  if (store.service === 's3') requireVerifiable(gateway, byteSize, { md5: null, sha256: seal.sha256 })
  const writeOnce = seal.writeOnce && store.supportsIfNoneMatch
  return {
    delivery: { method: 'presigned_put', byteSize, ...seal, writeOnce, promotion: null },
    ttlMs: uploadUrlTtlSeconds(gateway, byteSize ?? 0) * 1000,
    isPromoted: !(writeOnce && (await store.enforcesWriteOnce())),
  }
}

/** Throws `checksum_unverifiable` when a checksum would have to be computed of more bytes than are read for that. */
export function requireVerifiable(
  { limits }: Gateway,
  byteSize: number | null,
  promised: Pick<HeaderSeal, 'md5' | 'sha256'>,
): void {
  const algorithm = promised.sha256 ? 'sha256' : promised.md5 ? 'md5' : null
  if (algorithm === null || (byteSize !== null && byteSize <= limits.hashMaxBytes)) return
  fail({ code: 'checksum_unverifiable', algorithm, limitBytes: limits.hashMaxBytes })
}

/** A URL for the bytes of `upload` with the same seal; it ends when the upload does. */
export function presignAgain(gateway: Gateway, upload: PutUpload): Promise<PresignedPut> {
  return gateway.presigner.presignPut(upload.objectKey, upload, ttlOf(upload, gateway.now()))
}

/** The answer to the request that began the upload. */
export async function presignBegun(
  gateway: Gateway,
  file: FileBase,
  upload: PutUpload,
): Promise<PresignedUpload> {
  return { ...(await presign(gateway, file, upload)), replayed: false }
}

/**
 * The answer to a request whose key has one already: the same place, until its upload expires now. Also once the
 * bytes are there, when the URL does nothing any more. Throws `replay_over`.
 */
export async function presignReplayed(gateway: Gateway, replay: Replay): Promise<PresignedUpload> {
  const upload = pendingUploadOf(replay)
  // The fingerprint of a key covers the operation and its input: the same request is promised the same kind.
  if (upload.method !== 'presigned_put') fail({ code: 'internal' })
  const expiresAt = replay.uploadExpiresAt ?? upload.expiresAt
  return { ...(await presign(gateway, replay.replay, { ...upload, expiresAt })), replayed: true }
}

async function presign(
  gateway: Gateway,
  file: FileBase,
  upload: PutUpload,
): Promise<Omit<PresignedUpload, 'replayed'>> {
  const ttlSeconds = ttlOf(upload, gateway.now())
  const { url, headers } = await gateway.presigner.presignPut(upload.objectKey, upload, ttlSeconds)
  return { file, upload, url, headers, ttlSeconds }
}

/** Rounded up: a new URL lives as long as was configured, whatever the database took. */
function ttlOf(upload: PutUpload, now: number): number {
  return Math.max(1, Math.ceil((upload.expiresAt - now) / 1000))
}

/**
 * The upload that a stored reply tells of. Throws `replay_over` when its file was deleted, refused or has failed:
 * no URL is handed out for what is gone.
 */
export function pendingUploadOf({ replay: file, subjectStatus }: Replay): PutUpload | BegunMultipart {
  const fileId = file.id
  if (subjectStatus === null) fail({ code: 'replay_over', fileId, became: 'deleted' })
  if (subjectStatus === 'error') fail({ code: 'replay_over', fileId, became: 'refused' })
  if (subjectStatus === 'failed') fail({ code: 'replay_over', fileId, became: 'failed' })
  const upload = file.status === 'uploading' ? file.upload : null
  if (upload?.method === 'presigned_put') return upload
  if (upload?.method === 'multipart' && upload.multipartId !== null) return upload
  // The reply of another upload tells of a stored file, and that of one in parts waits for its id.
  return fail({ code: 'internal' })
}
