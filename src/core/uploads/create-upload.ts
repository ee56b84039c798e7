import { fail } from '../errors'
import { contentDispositionOf, inlineOrAttachment } from '../files/content-disposition'
import type { FileBase, StoredFile } from '../files/file-record'
import { isStored } from '../files/file-record'
import { type Gateway, objectMaxBytes, singlePutMaxBytes } from '../gateway'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import type { Md5, Sha256 } from '../ids'
import { adoptOrAbandon } from './adopt-known'
import { type Begun, beginUpload, intentOf, type NewFile, type Replay, type UploadPlan } from './begin-upload'
import { partBytesMin, planPartBytes, presignFirstParts, type SignedPart } from './parts'
import {
  type PresignedUpload,
  pendingUploadOf,
  presignBegun,
  presignReplayed,
  requireVerifiable,
  singlePutPlan,
} from './single-put'
import { startMultipart } from './start-multipart'
import {
  type BegunMultipart,
  multipartTtlMs,
  type PlannedParts,
  type PutDelivery,
  type UploadPlace,
} from './upload'

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
  upload: BegunMultipart
  /** The first of them; the others are signed when they are asked for. */
  parts: SignedPart[]
  replayed: boolean
}

/**
 * Promises a place for bytes that the client puts into the bucket itself, in one PUT or in parts. One database
 * round trip; one more in parts, which live for a week, or when the organization has the bytes already.
 *
 * Throws `upload_too_large` over 5 TiB, `part_size_without_parts`, `part_size_out_of_bounds`, `part_size_too_small`,
 * `checksum_unverifiable`, `known_size_mismatch` and `type_mismatch` of known bytes, `quota_exceeded`,
 * `too_many_uploads`, `too_many_files`, what a grant and what an idempotency key can throw, `upload_superseded` when it was deleted
 * meanwhile, `store_failed`, `database_failed`.
 */
export async function createUpload(gateway: Gateway, input: CreateUpload): Promise<CreatedUpload> {
  const plan = await planOf(gateway, input)
  // Under a grant bytes are sent in any case: the holder must not learn what the organization has.
  const begun = await begin(gateway, input, plan, input.file.grant ? null : input.sha256)
  if ('replay' in begun || begun.known === null) return handOut(gateway, input, begun)
  const adopted = await adoptOrAbandon(gateway, begun.intent, begun.known)
  if (adopted !== null) return { kind: 'known', file: adopted, replayed: false }
  // The known bytes were deleted since they were looked up: the client has to send its own.
  return handOut(gateway, input, await begin(gateway, input, plan, null))
}

/** How bytes come that the client puts into the bucket itself. */
type ClientDelivery = PutDelivery | PlannedParts

async function planOf(gateway: Gateway, input: CreateUpload): Promise<UploadPlan<ClientDelivery>> {
  const { file, byteSize, md5, sha256, wantsParts } = input
  if (byteSize > objectMaxBytes) fail({ code: 'upload_too_large', limitBytes: objectMaxBytes, byteSize })
  const contentDisposition =
    file.filename && contentDispositionOf(inlineOrAttachment(file.contentType), file.filename)
  const seal = { md5, sha256, contentDisposition }
  const { allowsPartUrls } = gateway.store
  const isTooLarge = byteSize > singlePutMaxBytes
  if (isTooLarge && !allowsPartUrls)
    fail({ code: 'upload_too_large', limitBytes: singlePutMaxBytes, byteSize })
  const isInParts = isTooLarge || (wantsParts && allowsPartUrls && byteSize > partBytesMin)
  if (input.partBytes !== null && !isInParts && !wantsParts) fail({ code: 'part_size_without_parts' })
  // Also where there will be no parts: it is wrong for every size.
  const partBytes = planPartBytes(byteSize, input.partBytes)
  if (!isInParts) return singlePutPlan(gateway, byteSize, { ...seal, writeOnce: true })
  // No single part's URL can be sealed with the checksum of all of them.
  requireVerifiable(gateway, byteSize, seal)
  const delivery = { method: 'multipart', byteSize, ...seal, partBytes, multipartId: null } as const
  return { delivery, ttlMs: multipartTtlMs, isPromoted: false }
}

type BegunCreation = Begun<UploadPlace & ClientDelivery>

/** Writes the intent down, and looks for bytes with the hash `lookUp` that the organization has. */
async function begin(
  gateway: Gateway,
  input: CreateUpload,
  plan: UploadPlan<ClientDelivery>,
  lookUp: Sha256 | null,
): Promise<BegunCreation> {
  const now = gateway.now()
  const { file, byteSize, md5, sha256, idempotencyKey } = input
  const { delivery } = plan
  const partBytes = delivery.method === 'multipart' ? delivery.partBytes : null
  const request = [file.filename, file.contentType, file.metadata, byteSize, md5, sha256, partBytes]
  const claim = await claimFor(idempotencyKey, input.operation, request, now)
  const intent = await intentOf(gateway, file, plan, now)
  const options = { claim, sha256: lookUp, completesReply: delivery.method !== 'multipart' }
  return beginUpload(gateway, intent, options, now)
}

/** Where to put the bytes: the place that was just begun, or the one that the key has already. */
async function handOut(gateway: Gateway, input: CreateUpload, begun: BegunCreation): Promise<CreatedUpload> {
  if ('replay' in begun) return createdBefore(gateway, begun)
  const { file, upload } = begun.intent
  if (upload.method === 'presigned_put')
    return { kind: 'put', ...(await presignBegun(gateway, file, upload)) }
  const isClaimed = input.idempotencyKey !== null
  const multipartId = await startMultipart(gateway, gateway.clientMultipart, { file, upload }, { isClaimed })
  return inParts(gateway, { file, upload: { ...upload, multipartId }, replayed: false })
}

async function inParts(gateway: Gateway, created: Omit<CreatedMultipart, 'parts'>): Promise<CreatedUpload> {
  return { kind: 'multipart', ...created, parts: await presignFirstParts(gateway, created.upload) }
}

/** The answer to a request whose key has one already. URLs are signed anew. Throws `replay_over`. */
async function createdBefore(gateway: Gateway, replay: Replay): Promise<CreatedUpload> {
  const { replay: file } = replay
  if (isStored(file)) return { kind: 'known', file, replayed: true }
  const upload = pendingUploadOf(replay)
  if (upload.method === 'multipart') return inParts(gateway, { file, upload, replayed: true })
  return { kind: 'put', ...(await presignReplayed(gateway, replay)) }
}
