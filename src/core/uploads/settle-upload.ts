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
import {
  type Digests,
  digestRefusal,
  factsRefusal,
  hasUnpromisedHeaders,
  sampleRefusal,
} from './verify-object'

/**
 * Ends an upload whose bytes a client has put into the bucket: the store is asked what is really there, and
 * only what agrees with the seal becomes a ready file. Anything else is refused and deleted. Guarded and safe
 * to repeat; whoever comes first decides. Returns the file as it then is; still `uploading` when nothing
 * has arrived (or, rarely, other bytes arrive at this moment), null when it was deleted meanwhile.
 *
 * Where a URL could still replace the bytes they are promoted: copied to a key that no URL was ever signed
 * for, through the Worker where that moves bytes or the store's own copies cannot be relied on. Where no URL can,
 * and the object has headers that were not promised, it is rewritten in place in the same way, with its own.
 * Up to `limits.hashMaxBytes` all bytes are read, for their SHA-256 and for sealed checksums that the
 * store does not vouch for; beyond that their beginning. One database round trip, two with a promotion.
 */
export async function settleUpload(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  const outcome = await settleIfThere(gateway, file)
  return outcome === 'nothing_there' ? file : outcome
}

/** The same, for whoever has to know whether a file that is still `uploading` has any bytes. */
export async function settleIfThere(
  gateway: Gateway,
  file: PendingFile,
): Promise<FileRecord | 'nothing_there' | null> {
  const { upload } = file
  if (upload.method === 'edge') return file
  const object = await gateway.objects.head(upload.objectKey)
  if (object === null) return 'nothing_there'
  const refusal = factsRefusal(upload, object)
  if (refusal !== null) return refuse(gateway, file, refusal)
  return read(gateway, file, object)
}

async function read(gateway: Gateway, file: PendingFile, object: StoredObject): Promise<FileRecord | null> {
  const { upload } = file
  const isPromoted = upload.contentKey !== upload.objectKey
  const isShort = object.byteSize <= gateway.limits.hashMaxBytes
  const isAttested = object.sha256 !== null && (upload.md5 === null || object.md5 !== null)
  const { hasR2Binding, honoursCopyIfMatch } = gateway.store
  // Its bytes cannot change meanwhile: settlers that overlap write the same.
  const isRewritten = !isPromoted && upload.method === 'presigned_put' && hasUnpromisedHeaders(upload, object)
  const isCopied = isPromoted || isRewritten
  const passesThrough = isCopied && ((isShort && hasR2Binding) || !honoursCopyIfMatch)
  const readsAll = (isShort && !isAttested) || passesThrough || object.byteSize === 0
  const found = await gateway.objects.get(object.key, {
    ifMatch: object.etag,
    ...(readsAll ? {} : { range: { offset: 0, length: Math.min(detectionSampleBytes, object.byteSize) } }),
  })
  if (found === null) return lookAgain(gateway, file)
  const { sample, all } = await peek(chunksOf(found.body), detectionSampleBytes)
  const refusal = await sampleRefusal(gateway, upload.contentType, sample)
  if (refusal !== null) {
    await all.return(undefined)
    return refuse(gateway, file, refusal)
  }
  if (isPromoted && !(await gateway.uploads.choosePromotion(file, object.etag, gateway.now()))) {
    await all.return(undefined)
    return lookAgain(gateway, file)
  }

  const stated: Digests = { md5: object.md5, sha256: object.sha256 }
  if (passesThrough) {
    const { copy, digests } = await copyThrough(gateway, upload, object, all, isShort)
    return accept(gateway, file, object, copy, digests)
  }
  const digests = readsAll ? await digestsOfAll(upload, stated, all) : stated
  if (!readsAll) await all.return(undefined)
  if (!isCopied || digestRefusal(upload, digests) !== null)
    return accept(gateway, file, object, object, digests)
  const copy = await copyInStore(gateway, upload, object)
  return copy === null ? lookAgain(gateway, file) : accept(gateway, file, object, copy, digests)
}

/** The bytes were replaced since, for whoever asks next; or taken away by somebody who has settled them. */
function lookAgain(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  return gateway.files.find(file.organizationId, file.id)
}

async function accept(
  gateway: Gateway,
  file: PendingFile,
  object: StoredObject,
  { etag }: StoredObject,
  digests: Digests,
): Promise<FileRecord | null> {
  const refusal = digestRefusal(file.upload, digests)
  if (refusal !== null) return refuse(gateway, file, refusal)
  const bytes = {
    byteSize: object.byteSize,
    sha256: digests.sha256,
    etag,
    sourceEtag: file.upload.contentKey === object.key ? null : object.etag,
  }
  try {
    const settled = await gateway.uploads.settle({ file, upload: file.upload }, bytes, gateway.now())
    // Still awaited: other bytes than these were chosen.
    const isOver = settled.file?.status !== 'uploading'
    deleteObjects(gateway, [...settled.due, ...(isOver ? incomingKeysOf(file.upload) : [])])
    return settled.file
  } catch (error) {
    // Without a sealed size nothing was reserved, so the quota is met only now.
    if (error instanceof GatewayError && error.failure.code === 'quota_exceeded')
      return refuse(gateway, file, { code: 'quota_exceeded' })
    throw error
  }
}

/**
 * Ends the upload of bytes that were refused; they are deleted, and the record stays with its reason. Changes
 * nothing, and deletes nothing that a file has, when the upload was ended in the meantime. Returns the file as it then is.
 */
export async function refuse(
  gateway: Gateway,
  file: PendingFile,
  reason: Refusal,
): Promise<FileRecord | null> {
  const due = await gateway.uploads.abandon([file.id], { status: 'error', reason }, gateway.now())
  deleteObjects(gateway, [...due, ...incomingKeysOf(file.upload)])
  return gateway.files.find(file.organizationId, file.id)
}
