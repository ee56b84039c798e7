import { chunksOf } from '../contents/chunks'
import { peek } from '../contents/peek'
import { deleteObjects, incomingKeysOf } from '../deletions/delete-objects'
import type { Refusal } from '../errors'
import { GatewayError } from '../errors'
import type { FileRecord, PendingFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { StoredObject } from '../ports/object-store'
import { copyInStore, copyThrough, digestsOfAll } from './promote'
import { arrivalOf, planSettlement, type SettlementPlan } from './settlement-plan'
import type { ArrivingUpload } from './upload'
import { type Digests, digestRefusal, factsRefusal, sampleMismatch } from './verify-object'

/** A pending file, and the object that has come for it. */
export type Arrived = { file: PendingFile; upload: ArrivingUpload; object: StoredObject }

/**
 * Ends the upload of a file whose bytes have come: what the store says of them, what they are, and their digests have to agree
 * with the seal. Reads `object` and does with it what the plan says; the beginning is looked at before anything is copied.
 * Returns the file as it then is, null when it was deleted meanwhile. Throws `store_failed`, `database_failed`.
 */
export async function settleObject(gateway: Gateway, arrived: Arrived): Promise<FileRecord | null> {
  const { file, upload, object } = arrived
  const refusal = factsRefusal(upload, object)
  if (refusal !== null) return refuse(gateway, file, refusal)
  const plan = planSettlement(arrivalOf(upload, object, gateway.limits.hashMaxBytes), gateway.store)
  const found = await open(gateway, object, plan)
  if (found === null) return lookAgain(gateway, file)
  const { sample, all } = found
  try {
    const mismatch = await sampleMismatch(gateway, upload.contentType, sample)
    if (mismatch !== null) return await refuse(gateway, file, mismatch)
    if (!(await isChosen(gateway, arrived, plan))) return await lookAgain(gateway, file)
    return await settleRead(gateway, arrived, plan, all)
  } finally {
    // Ends the read, wherever it stands.
    await all.return(undefined)
  }
}

/** Verifies what is read, copies it if that is planned, and gives it to the file. */
async function settleRead(
  gateway: Gateway,
  arrived: Arrived,
  plan: SettlementPlan,
  all: AsyncGenerator<Uint8Array>,
): Promise<FileRecord | null> {
  const { file, upload, object } = arrived
  const { copy, digests } =
    plan.copies === 'through_worker'
      ? await copyThrough(gateway, upload, object, { chunks: all, isHashed: plan.hashes })
      : { copy: null, digests: await digestsOf(arrived, plan, all) }
  const refusal = digestRefusal(upload, digests)
  if (refusal !== null) return refuse(gateway, file, refusal)
  const stored = plan.copies === 'in_store' ? await copyInStore(gateway, upload, object) : (copy ?? object)
  return stored === null ? lookAgain(gateway, file) : accept(gateway, arrived, { stored, digests })
}

/** The first bytes of `object`, and what the plan reads of it; null when it is no longer the same. */
async function open(gateway: Gateway, object: StoredObject, { reads }: SettlementPlan) {
  const length = reads === 'start' ? Math.min(detectionSampleBytes, object.byteSize) : object.byteSize
  const found = await gateway.objects.get(object.key, {
    ifMatch: object.etag,
    ...(reads === 'start' ? { range: { offset: 0, length } } : {}),
  })
  return found && peek(chunksOf(found.body, length), detectionSampleBytes)
}

/** Whether `object` may be copied: no other version of the bytes was chosen, if one has to be. */
async function isChosen(gateway: Gateway, { file, object }: Arrived, plan: SettlementPlan): Promise<boolean> {
  return !plan.choosesVersion || gateway.uploads.choosePromotion(file, object.etag, gateway.now())
}

/** The digests of the object: what the store states, and what the plan computes from `all`. */
async function digestsOf(
  { upload, object }: Arrived,
  { hashes }: SettlementPlan,
  all: AsyncGenerator<Uint8Array>,
): Promise<Digests> {
  const stated = { md5: object.md5, sha256: object.sha256 }
  if (hashes) return digestsOfAll(upload, stated, all)
  await all.return(undefined)
  return stated
}

/**
 * The object changed or vanished after it was looked at: another settler was first, or the client sent other bytes.
 * Returns the file as it is; what is there now is settled the next time a request, an event or the sweep looks.
 */
function lookAgain(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  return gateway.files.find(file.organizationId, file.id)
}

/** Gives the file its bytes, which stay as the object `stored`. */
async function accept(
  gateway: Gateway,
  { file, upload, object }: Arrived,
  { stored, digests }: { stored: StoredObject; digests: Digests },
): Promise<FileRecord | null> {
  const bytes = {
    byteSize: object.byteSize,
    sha256: digests.sha256,
    etag: stored.etag,
    sourceEtag: upload.contentKey === object.key ? null : object.etag,
  }
  try {
    const settled = await gateway.uploads.settle({ file, upload }, bytes, gateway.now())
    // Still awaited: other bytes than these were chosen.
    const isOver = settled.file?.status !== 'uploading'
    deleteObjects(gateway, [...settled.due, ...(isOver ? incomingKeysOf(upload) : [])])
    return settled.file
  } catch (error) {
    // Without a sealed size nothing was reserved, so the quota is met only now.
    if (error instanceof GatewayError && error.failure.code === 'quota_exceeded')
      return refuse(gateway, file, { code: 'quota_exceeded' })
    if (error instanceof GatewayError && error.failure.code === 'grant_too_large')
      return refuse(gateway, file, { code: 'grant_exceeded' })
    throw error
  }
}

/**
 * Ends the upload of bytes that were refused; they are deleted, and the file stays, as `error`, with its reason. When the
 * upload was ended in the meantime this changes nothing, and deletes nothing that a file has. Returns the file as it
 * then is.
 */
export async function refuse(
  gateway: Gateway,
  file: PendingFile,
  reason: Refusal,
): Promise<FileRecord | null> {
  const due = await gateway.uploads.abandon([file], { status: 'error', reason }, gateway.now())
  deleteObjects(gateway, [...due, ...incomingKeysOf(file.upload)])
  return gateway.files.find(file.organizationId, file.id)
}
