import { digestOf } from '../contents/digest'
import { contradictingType } from '../contents/verify-content-type'
import type { Refusal } from '../errors'
import { GatewayError } from '../errors'
import { isSameContentType } from '../files/content-type'
import type { FileRecord, PendingFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { ContentId, Sha256 } from '../ids'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { StoredObject } from '../ports/object-store'
import { deleteObjects } from './delete-objects'
import type { Upload } from './upload'

/**
 * Ends a presigned upload whose bytes are in the bucket: the store is asked what is really there, and only
 * what agrees with the seal becomes a ready file. Anything else is refused and deleted. Guarded and safe
 * to repeat; whoever comes first decides. Returns the file as it then is; still `uploading` when nothing
 * has arrived, null when it was deleted meanwhile.
 *
 * Two object reads (HEAD and the first bytes), one database round trip. Where a checksum was sealed that the
 * store does not vouch for, all bytes are read once more.
 */
export async function settleUpload(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  if (file.upload.method !== 'presigned_put') return file
  const object = await gateway.objects.head(file.upload.objectKey)
  if (object === null) return file
  const refusal = await refusalOf(gateway, file, object)
  if (refusal === 'changed') return file
  if (refusal !== null) return refuse(gateway, file, refusal)
  return accept(gateway, file, object)
}

async function accept(gateway: Gateway, file: PendingFile, object: StoredObject): Promise<FileRecord | null> {
  const bytes = {
    contentId: gateway.newId() as ContentId,
    byteSize: object.byteSize,
    sha256: shareableSha256(file.upload),
    objectKey: object.key,
    etag: object.etag,
    writableUntil: file.upload.expiresAt,
  }
  try {
    const settled = await gateway.uploads.settle({ file, upload: file.upload }, bytes, gateway.now())
    deleteObjects(gateway, settled.due)
    return settled.file
  } catch (error) {
    // Without a sealed size nothing was reserved, so the quota is met only now.
    if (error instanceof GatewayError && error.failure.code === 'quota_exceeded')
      return refuse(gateway, file, { code: 'quota_exceeded' })
    throw error
  }
}

/** Bytes may be shared with other files under their SHA-256 only where no URL can still replace them. */
function shareableSha256({ sha256, writeOnce }: Upload): Sha256 | null {
  return writeOnce ? sha256 : null
}

async function refuse(gateway: Gateway, file: PendingFile, reason: Refusal): Promise<FileRecord | null> {
  const { organizationId, id } = file
  await gateway.uploads.abandon({ organizationId, fileId: id }, { status: 'error', reason }, gateway.now())
  deleteObjects(gateway, [file.upload.objectKey])
  return gateway.files.find(organizationId, id)
}

/** What contradicts the seal; `changed` when the object was replaced while it was looked at. */
async function refusalOf(
  gateway: Gateway,
  { upload }: PendingFile,
  object: StoredObject,
): Promise<Refusal | 'changed' | null> {
  if (upload.byteSize !== null && object.byteSize !== upload.byteSize)
    return { code: 'size_mismatch', expected: upload.byteSize, actual: object.byteSize }
  if (object.contentType === null || !isSameContentType(object.contentType, upload.contentType))
    return { code: 'type_mismatch', declared: upload.contentType, actual: object.contentType ?? '' }
  // Not part of any seal, and readers would get other bytes than those that were counted.
  if (object.contentEncoding !== null)
    return { code: 'encoding_not_promised', encoding: object.contentEncoding }
  const checksum = await checksumRefusal(gateway, upload, object)
  if (checksum !== null) return checksum
  if (object.byteSize === 0) return null

  const range = { offset: 0, length: Math.min(detectionSampleBytes, object.byteSize) }
  const start = await gateway.objects.get(object.key, { range, ifMatch: object.etag })
  if (start === null) return 'changed'
  const sample = new Uint8Array(await new Response(start.body).arrayBuffer())
  const actual = contradictingType(upload.contentType, await gateway.detectContentType(sample), sample)
  return actual === null ? null : { code: 'type_mismatch', declared: upload.contentType, actual }
}

/** Whether the bytes have the sealed checksums: by the store's word, or else by reading them. */
async function checksumRefusal(
  gateway: Gateway,
  upload: Upload,
  object: StoredObject,
): Promise<Refusal | 'changed' | null> {
  for (const algorithm of ['md5', 'sha256'] as const) {
    const expected = upload[algorithm]
    if (expected === null) continue
    const actual = object[algorithm] ?? (await digestOfObject(gateway, algorithm, object))
    if (actual === null) return 'changed'
    if (actual !== expected) return { code: 'checksum_mismatch', algorithm, expected, actual }
  }
  return null
}

async function digestOfObject(
  gateway: Gateway,
  algorithm: 'md5' | 'sha256',
  { key, etag }: StoredObject,
): Promise<string | null> {
  const found = await gateway.objects.get(key, { ifMatch: etag })
  return found && digestOf(algorithm, found.body)
}
