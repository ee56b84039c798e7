import { fail } from '../errors'
import { type FileRecord, isStored, type PendingFile, type StoredFile } from '../files/file-record'
import { findOwn } from '../files/get-file'
import type { Gateway } from '../gateway'
import { asSeenBy, type Owner } from '../grants/grant'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { underKey } from '../idempotency/under-key'
import type { FileId } from '../ids'
import { byteSizeOfPart, partCountOf } from './parts'
import { settleUpload } from './settle-upload'
import type { MultipartUpload } from './upload'
import type { UploadedPart } from './uploaded-part'

/** A part as the client names it. The ETag has no quotes. */
export type NamedPart = Pick<UploadedPart, 'partNumber' | 'etag'>

/**
 * Ends an upload: the store puts the parts together if there are any, what then is there is verified, and the
 * file is ready. Safe to repeat, also when an earlier answer was lost. Parts are those that the store lists;
 * `named` ones are compared with them, and needed only where the store cannot list.
 *
 * Throws `file_not_found`, `not_arrived`, `upload_refused` when what arrived is not what was promised or the
 * upload has failed, `parts_missing`, `parts_required`, `parts_refused`, `upload_over` when the store has given
 * the parts up, `idempotency_key_reused`, `store_failed`, `database_failed`.
 */
export async function completeUpload(
  gateway: Gateway,
  owner: Owner,
  id: FileId,
  named: readonly NamedPart[] | null,
  idempotencyKey: IdempotencyKey | null,
): Promise<StoredFile> {
  const inOrder = named?.toSorted((one, other) => one.partNumber - other.partNumber)
  const claim = await claimFor(idempotencyKey, 'completeUpload', [id, inOrder], gateway.now())
  return underKey(gateway, owner.organizationId, claim, async () => {
    const found = await findOwn(gateway, owner, id)
    const ended = found?.status === 'uploading' ? await complete(gateway, found, named) : found
    return asSeenBy(owner, storedOrFail(id, ended), true)
  })
}

async function complete(
  gateway: Gateway,
  file: PendingFile,
  named: readonly NamedPart[] | null,
): Promise<FileRecord | null> {
  const { upload } = file
  if (upload.method !== 'multipart' || upload.multipartId === null) return settleAndLook(gateway, file)
  const { objectKey, multipartId } = upload
  const listed = await gateway.clientMultipart.listParts(objectKey, multipartId)
  if (listed !== null) {
    const parts =
      listed === 'unsupported' ? partsAsNamed(upload, named) : partsAsListed(upload, listed, named)
    const { outcome } = await gateway.clientMultipart.complete(objectKey, multipartId, parts)
    if (outcome === 'invalid_parts') fail({ code: 'parts_refused' })
  }
  // When an earlier request completed the multipart upload, there is none any more: the object tells.
  const settled = await settleAndLook(gateway, file)
  if (settled?.status === 'uploading') fail({ code: 'upload_over', fileId: file.id, status: settled.status })
  return settled
}

/** Settles `file`. Where it finds no bytes, another settler may just have settled the file and moved them. */
async function settleAndLook(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  const settled = await settleUpload(gateway, file)
  return settled?.status === 'uploading' ? gateway.files.find(file.organizationId, file.id) : settled
}

/** All parts there must be, as the store has them. */
function partsAsListed(
  upload: MultipartUpload,
  listed: readonly UploadedPart[],
  named: readonly NamedPart[] | null,
): readonly NamedPart[] {
  const byNumber = new Map(listed.map((part) => [part.partNumber, part]))
  const numbers = numbersOf(upload)
  const missing = numbers.filter((number) => !byNumber.has(number))
  const isMissing = new Set(missing)
  const wrongSize = listed
    .filter(({ partNumber, byteSize }) => byteSize !== byteSizeOfPart(upload, partNumber))
    .map(({ partNumber }) => partNumber)
  const unknown = (named ?? [])
    .filter(({ partNumber, etag }) => byNumber.get(partNumber)?.etag !== etag && !isMissing.has(partNumber))
    .map(({ partNumber }) => partNumber)
  refuseUnless({ missing, wrongSize, unknown })
  return listed
}

/** All parts there must be, by the word of the client: the object's size and the store's own checks follow. */
function partsAsNamed(upload: MultipartUpload, named: readonly NamedPart[] | null): readonly NamedPart[] {
  if (named === null) fail({ code: 'parts_required' })
  const byNumber = new Map(named.map((part) => [part.partNumber, part]))
  const numbers = numbersOf(upload)
  const missing = numbers.filter((number) => !byNumber.has(number))
  const unknown = [...byNumber.keys()].filter((number) => number > numbers.length)
  refuseUnless({ missing, wrongSize: [], unknown })
  return numbers.flatMap((number) => byNumber.get(number) ?? [])
}

function refuseUnless(problems: Record<'missing' | 'wrongSize' | 'unknown', readonly number[]>): void {
  if (Object.values(problems).some((numbers) => numbers.length > 0))
    fail({ code: 'parts_missing', ...problems })
}

function numbersOf(upload: MultipartUpload): number[] {
  return Array.from({ length: partCountOf(upload) }, (_, index) => index + 1)
}

function storedOrFail(id: FileId, file: FileRecord | null): StoredFile {
  if (file === null) fail({ code: 'file_not_found', fileId: id })
  if (isStored(file)) return file
  if (file.status === 'uploading') fail({ code: 'not_arrived', fileId: id })
  fail({ code: 'upload_refused', fileId: id, refusal: file.refusal })
}
