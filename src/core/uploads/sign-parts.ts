import { fail } from '../errors'
import type { FileRecord } from '../files/file-record'
import { findFile, findOwn } from '../files/get-file'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import { claimFor, type IdempotencyKey } from '../idempotency/idempotency'
import { underKey } from '../idempotency/under-key'
import type { FileId } from '../ids'
import { partCountOf, presignParts, type SignedPart } from './parts'
import type { BegunMultipart } from './upload'
import type { UploadedPart } from './uploaded-part'

/**
 * URLs for these parts of a pending upload, as often as they are asked for. One database round trip. Throws
 * `part_not_planned`, `file_not_found`, `not_multipart`, `upload_over`,
 * `idempotency_key_reused`, `database_failed`.
 */
export async function signParts(
  gateway: Gateway,
  owner: Owner,
  id: FileId,
  partNumbers: readonly number[],
  idempotencyKey: IdempotencyKey | null,
): Promise<SignedPart[]> {
  const claim = await claimFor(idempotencyKey, 'signParts', [id, partNumbers], gateway.now())
  return underKey(gateway, owner.organizationId, claim, async () => {
    const upload = pendingParts(gateway, id, await findOwn(gateway, owner, id))
    const count = partCountOf(upload)
    if (partNumbers.some((number) => number > count)) fail({ code: 'part_not_planned', partCount: count })
    return presignParts(gateway, upload, partNumbers)
  })
}

/**
 * The parts that the store has of a pending upload. Throws `parts_not_listable` where it cannot say, and as
 * `signParts` does; `store_failed`.
 */
export async function listParts(gateway: Gateway, owner: Owner, id: FileId): Promise<UploadedPart[]> {
  const file = await findFile(gateway, owner, id)
  const { objectKey, multipartId } = pendingParts(gateway, id, file)
  const parts = await gateway.clientMultipart.listParts(objectKey, multipartId)
  if (parts === 'unsupported') fail({ code: 'parts_not_listable' })
  return parts ?? []
}

/** The upload of `file`, of which parts may still come. Throws as `signParts` does. */
function pendingParts(gateway: Gateway, id: FileId, file: FileRecord | null): BegunMultipart {
  if (file === null) fail({ code: 'file_not_found', fileId: id })
  const upload = 'upload' in file ? file.upload : null
  if (upload !== null && upload.method !== 'multipart') fail({ code: 'not_multipart', fileId: id })
  const isLive = file.status === 'uploading' && upload !== null && upload.expiresAt > gateway.now()
  if (!isLive || upload.multipartId === null) fail({ code: 'upload_over', fileId: id, status: file.status })
  return upload
}
