import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import type { FileId, OrganizationId } from '../ids'
import { settleUpload } from '../uploads/settle-upload'
import { contentDispositionOf } from './content-disposition'
import { type FileRecord, isStored, type PendingFile, type StoredFile } from './file-record'

/**
 * A file whose bytes may be handed out. If it is pending and its bytes have arrived, it is settled first. One database
 * round trip, one or two more when there was something to settle.
 *
 * Throws `file_not_found`, `file_uploading`, `file_refused`, `store_failed`, `database_failed`.
 */
export async function getFile(
  gateway: Gateway,
  organizationId: OrganizationId,
  id: FileId,
): Promise<StoredFile> {
  return settledFile(gateway, id, await gateway.files.find(organizationId, id))
}

/** `found`, settled first if its bytes have arrived, when they may be handed out. Throws as `getFile` does. */
export async function settledFile(
  gateway: Gateway,
  id: FileId,
  found: FileRecord | null,
): Promise<StoredFile> {
  return presentOrFail(id, await settleFound(gateway, found))
}

/**
 * As `getFile`, but a file whose bytes are still awaited is returned as such. Throws `file_not_found`,
 * `file_refused`, `store_failed`, `database_failed`.
 */
export async function lookUpFile(
  gateway: Gateway,
  owner: Owner,
  id: FileId,
): Promise<StoredFile | PendingFile> {
  const file = await findFile(gateway, owner, id)
  return file?.status === 'uploading' ? file : presentOrFail(id, file)
}

/**
 * The file in any status, settled first if its bytes have arrived; null when there is none, or it is not the owner's to
 * see.
 */
export async function findFile(gateway: Gateway, owner: Owner, id: FileId): Promise<FileRecord | null> {
  return settleFound(gateway, await findOwn(gateway, owner, id))
}

/** The file as it is written down; null when there is none, or it is not the owner's to see. */
export function findOwn(
  gateway: Gateway,
  { organizationId, grant }: Owner,
  id: FileId,
): Promise<FileRecord | null> {
  return gateway.files.find(organizationId, id, grant?.id)
}

async function settleFound(gateway: Gateway, found: FileRecord | null): Promise<FileRecord | null> {
  return found?.status === 'uploading' ? settleUpload(gateway, found) : found
}

/** Where the file's bytes are in the bucket, as `s3://bucket/key`, for a client that may read the bucket itself. */
export function locate(gateway: Gateway, { content }: StoredFile): string {
  return gateway.presigner.uri(content.objectKey)
}

/** A presigned GET of the file's bytes, valid for `ttlSeconds`: left out, for the configured time. */
export function presignDownload(
  gateway: Gateway,
  file: StoredFile,
  disposition: 'attachment' | 'inline' = 'attachment',
  ttlSeconds: number = gateway.limits.downloadUrlTtlSeconds,
): Promise<string> {
  const dressing = {
    contentType: file.contentType,
    contentDisposition: contentDispositionOf(disposition, file.filename),
  }
  return gateway.presigner.presignGet(file.content.objectKey, dressing, ttlSeconds)
}

function presentOrFail(id: FileId, file: FileRecord | null): StoredFile {
  if (file === null) fail({ code: 'file_not_found', fileId: id })
  if (isStored(file)) return file
  if (file.status === 'uploading') fail({ code: 'file_uploading', fileId: id })
  fail({ code: 'file_refused', fileId: id, refusal: file.refusal })
}
