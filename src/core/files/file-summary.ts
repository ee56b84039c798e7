import type { Refusal } from '../errors'
import type { Sha256 } from '../ids'
import { type FileBase, type FileRecord, isStored } from './file-record'

/** What every list shows of a file. */
export type FileSummary = Pick<FileBase, 'id' | 'filename' | 'contentType' | 'createdAt'> & {
  /** How many bytes it has, or is to have; null: that is not known. */
  byteSize: number | null
}

/** What a list shows besides. Each costs on every row, so a list asks for the one that it shows. */
export type SummaryParts = {
  metadata: Pick<FileBase, 'metadata'>
  state: Pick<FileBase, 'origin'> & {
    status: FileRecord['status']
    /** Why it has no bytes; null: it has, or they are awaited. */
    refusal: Refusal | null
    /** null: it has no bytes, or they have not been read. */
    sha256: Sha256 | null
    /** The bytes were already the organization's when this file was made. */
    isDuplicate: boolean
  }
}

export type SummaryPart = keyof SummaryParts
export type SummaryWith<Part extends SummaryPart> = FileSummary & SummaryParts[Part]

/** All that lists show of a file, for answers about that file alone. */
export function summaryOf(file: FileRecord): SummaryWith<'metadata'> & SummaryWith<'state'> {
  const { id, filename, contentType, createdAt, metadata, origin, status } = file
  const said = { id, filename, contentType, createdAt, metadata, origin, status, refusal: null }
  if (isStored(file)) {
    const { byteSize, sha256 } = file.content
    return { ...said, byteSize, sha256, isDuplicate: file.isDuplicate }
  }
  const none = { ...said, sha256: null, isDuplicate: false }
  return file.status === 'uploading'
    ? { ...none, byteSize: file.upload.byteSize }
    : { ...none, byteSize: null, refusal: file.refusal }
}
