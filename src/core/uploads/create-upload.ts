import { fail, failField } from '../errors'
import { contentDispositionOf, inlineOrAttachment } from '../files/content-disposition'
import type { FileBase, StoredFile } from '../files/file-record'
import { isStored } from '../files/file-record'
import { type Gateway, objectMaxBytes, singlePutMaxBytes } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import type { Md5, Sha256 } from '../ids'
import type { UploadIntent } from '../ports/upload-repository'
import { adoptOrAbandon } from './adopt-known'
import { beginUpload, intentOf, type NewFile, type Replay, type UploadPlan } from './begin-upload'
import {
  isMultipart,
  type MultipartUpload,
  partBytesMin,
  planPartBytes,
  presignFirstParts,
  type SignedPart,
} from './parts'
import {
  type PresignedUpload,
  pendingUploadOf,
  presignIntent,
  presignReplayed,
  requireVerifiable,
  singlePutPlan,
} from './single-put'
import { multipartTtlMs, type Upload } from './upload'

export type CreateUpload = {
  file: NewFile
  byteSize: number
  /** Compared with what arrives; the SHA-256 also finds bytes that the organization has. null: not promised. */
  md5: Md5 | null
  sha256: Sha256 | null
  /** Asks for parts from 5 MiB on; over 5 GiB they come unasked. */
  wantsParts: boolean
  /** The size of every part but the last; null: chosen here. */
  partBytes: number | null
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

export type CreatedUpload =
  /** The organization had the bytes: there is nothing to upload. */
  | { kind: 'known'; file: StoredFile; replayed: boolean }
  | ({ kind: 'put' } & PresignedUpload)
  | ({ kind: 'multipart' } & CreatedMultipart)

export type CreatedMultipart = {
  file: FileBase
  upload: MultipartUpload
  /** The first of them; the others are signed when they are asked for. */
  parts: SignedPart[]
  replayed: boolean
}

/**
 * Promises a place for bytes that the client puts into the bucket itself, in one PUT or in parts. One database
 * round trip; one more in parts, which live for a week, or when the organization has the bytes already.
 *
 * Throws `upload_too_large` over 5 TiB, `invalid_request` about a part size or about a checksum of more bytes
 * than are read for it, `type_mismatch` of known bytes, `quota_exceeded`, `too_many_uploads`, `too_many_files`, what an
 * idempotency key can throw, `upload_superseded` when it was deleted meanwhile, `store_failed`,
 * `database_failed`.
 */
export async function createUpload(gateway: Gateway, input: CreateUpload): Promise<CreatedUpload> {
  return create(gateway, input, await planOf(gateway, input), input.sha256)
}

async function planOf(gateway: Gateway, input: CreateUpload): Promise<UploadPlan> {
  const { file, byteSize, md5, sha256, wantsParts } = input
  if (byteSize > objectMaxBytes) fail({ code: 'upload_too_large', limitBytes: objectMaxBytes, byteSize })
  const contentDisposition =
    file.filename && contentDispositionOf(inlineOrAttachment(file.contentType), file.filename)
  const seal = { md5, sha256, writeOnce: true, contentDisposition }
  const { allowsPartUrls } = gateway.store
  const isTooLarge = byteSize > singlePutMaxBytes
  if (isTooLarge && !allowsPartUrls)
    fail({ code: 'upload_too_large', limitBytes: singlePutMaxBytes, byteSize })
  const isInParts = isTooLarge || (wantsParts && allowsPartUrls && byteSize > partBytesMin)
  if (input.partBytes !== null && !isInParts && !wantsParts) failField('partSize', 'needs multipart: true')
  // Also where there will be no parts: it is wrong for every size.
  const partBytes = planPartBytes(byteSize, input.partBytes)
  if (!isInParts) return singlePutPlan(gateway, byteSize, seal)
  // No single part's URL can be sealed with the checksum of all of them.
  requireVerifiable(gateway, byteSize, seal)
  return {
    method: 'multipart',
    byteSize,
    ttlMs: multipartTtlMs,
    seal: { ...seal, writeOnce: false },
    partBytes,
  }
}

async function create(
  gateway: Gateway,
  input: CreateUpload,
  plan: UploadPlan,
  lookUp: Sha256 | null,
): Promise<CreatedUpload> {
  const now = gateway.now()
  const { file, byteSize, md5, sha256, idempotencyKey } = input
  const request = [file.filename, file.contentType, file.metadata, byteSize, md5, sha256, plan.partBytes]
  const claim = await claimFor(idempotencyKey, input.operation, request, now)
  const intent = await intentOf(gateway, file, plan, now)
  const options = { claim, sha256: lookUp, completesReply: plan.method !== 'multipart' }
  const begun = await beginUpload(gateway, intent, options, now)
  if ('replay' in begun) return createdBefore(gateway, begun)
  if (begun.known !== null) {
    const adopted = await adoptOrAbandon(gateway, intent, begun.known)
    // None: deleted in this moment.
    return adopted ? { kind: 'known', file: adopted, replayed: false } : create(gateway, input, plan, null)
  }
  if (plan.method === 'multipart') return startMultipart(gateway, intent, claim !== null)
  return { kind: 'put', ...(await presignIntent(gateway, intent.file, intent.upload, false)) }
}

/** Begins the store's multipart upload of an intent that is written down. */
async function startMultipart(
  gateway: Gateway,
  { file, upload }: UploadIntent,
  isClaimed: boolean,
): Promise<CreatedUpload> {
  const { objectKey } = upload
  const leaveNothing = async (multipartId: string | null) => {
    try {
      await gateway.uploads.abandon([file.id], null, gateway.now())
      if (multipartId !== null) await gateway.multipartUploads.abort(objectKey, multipartId)
    } catch (cause) {
      gateway.log({ event: 'upload_left_to_sweep', fileId: file.id, cause })
    }
  }
  let multipartId: string
  try {
    multipartId = await gateway.multipartUploads.create(objectKey, upload)
  } catch (error) {
    gateway.background(leaveNothing(null))
    throw error
  }
  try {
    if (await gateway.uploads.noteMultipart(file, multipartId))
      return inParts(gateway, file, { ...upload, multipartId }, false)
  } catch (error) {
    // With a key the reply may be stored: a retry gets it, or takes the place of this request.
    if (!isClaimed) gateway.background(leaveNothing(multipartId))
    throw error
  }
  await gateway.multipartUploads.abort(objectKey, multipartId)
  return fail({ code: 'upload_superseded' })
}

async function inParts(
  gateway: Gateway,
  file: FileBase,
  upload: Upload,
  replayed: boolean,
): Promise<CreatedUpload> {
  if (!isMultipart(upload)) fail({ code: 'internal' })
  return { kind: 'multipart', file, upload, parts: await presignFirstParts(gateway, upload), replayed }
}

/** The answer to a request whose key has one already. URLs are signed anew. Throws `replay_over`. */
async function createdBefore(gateway: Gateway, replay: Replay): Promise<CreatedUpload> {
  const { replay: file } = replay
  if (isStored(file)) return { kind: 'known', file, replayed: true }
  const upload = pendingUploadOf(replay)
  if (upload.method === 'multipart') return inParts(gateway, file, upload, true)
  return { kind: 'put', ...(await presignReplayed(gateway, replay)) }
}
