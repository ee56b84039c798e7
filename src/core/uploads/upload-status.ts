import { fail } from '../errors'
import type { FileRecord } from '../files/file-record'
import { findFile } from '../files/get-file'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import type { FileId } from '../ids'
import type { UploadedPart } from './uploaded-part'

/** A file with how its upload stands. */
export type UploadStatus = {
  file: FileRecord
  /** What the store has of a pending upload in parts; `unsupported`: it cannot say; null: there are none to list. */
  parts: UploadedPart[] | 'unsupported' | null
}

/**
 * How an upload stands, settled first if its bytes have come. One database round trip, one request to the
 * store while it is pending, two in parts. Throws `file_not_found`, `store_failed`, `database_failed`.
 */
export async function uploadStatus(gateway: Gateway, owner: Owner, id: FileId): Promise<UploadStatus> {
  const file = (await findFile(gateway, owner, id)) ?? fail({ code: 'file_not_found', fileId: id })
  if (file.status !== 'uploading' || file.upload.method !== 'multipart') return { file, parts: null }
  const { objectKey, multipartId } = file.upload
  if (multipartId === null) return { file, parts: null }
  return { file, parts: (await gateway.clientMultipart.listParts(objectKey, multipartId)) ?? [] }
}
