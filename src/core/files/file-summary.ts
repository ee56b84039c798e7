import type { Refusal } from '../errors'
import type { Sha256 } from '../ids'
import { type FileBase, type FileRecord, isStored } from './file-record'

/** What lists show of a file. */
export type FileSummary = Pick<
  FileBase,
  'id' | 'filename' | 'contentType' | 'metadata' | 'origin' | 'createdAt'
> & {
  status: FileRecord['status']
  /** Why it has no bytes; null: it has, or they are awaited. */
  refusal: Refusal | null
  /** How many bytes it has, or is to have; null: that is not known. */
  byteSize: number | null
  /** null: it has no bytes, or they have not been read. */
  sha256: Sha256 | null
  /** The bytes were already the organization's when this file was made. */
  isDuplicate: boolean
}

export function summaryOf(file: FileRecord): FileSummary {
  const { id, filename, contentType, metadata, origin, createdAt, status } = file
  const said = { id, filename, contentType, metadata, origin, createdAt, status, refusal: null }
  if (isStored(file)) {
    const { byteSize, sha256 } = file.content
    return { ...said, byteSize, sha256, isDuplicate: file.isDuplicate }
  }
  const none = { ...said, sha256: null, isDuplicate: false }
  return file.status === 'uploading'
    ? { ...none, byteSize: file.upload.byteSize }
    : { ...none, byteSize: null, refusal: file.refusal }
}
