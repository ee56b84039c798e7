import type { Refusal } from '../core/errors'
import type { FileRecord } from '../core/files/file-record'
import type { FileSummary } from '../core/files/file-summary'
import type { Metadata } from '../core/files/metadata'
import type { FileId, Sha256 } from '../core/ids'
import { toOrigin } from './file-records'
import type { FileRow } from './file-rows'

// A list selects what it shows: each column costs on every row, in D1 and in the Worker.

/** What a list selects of file `f`. Where files cannot have one of the latter columns, it is not selected. */
export type SummaryRow = Pick<
  FileRow,
  | 'filename'
  | 'content_type'
  | 'metadata'
  | 'source'
  | 'source_detail'
  | 'connector_metadata'
  | 'status'
  | 'created_at'
> &
  Partial<Pick<FileRow, 'byte_size' | 'sha256' | 'is_duplicate' | 'refusal'>>

const columns = `f.filename, f.content_type, f.metadata, f.source, f.source_detail, f.connector_metadata, f.status,
  f.created_at`

const ofContent = "c.byte_size, nullif(hex(c.sha256), '') AS sha256, f.content_id <> f.id AS is_duplicate"

/** The select list for files of `status`; null: those that are ready. */
export function summaryColumnsOf(status: FileRecord['status'] | null): string {
  if (status === 'uploading') return `${columns}, u.byte_size`
  return status === 'error' || status === 'failed' ? `${columns}, f.refusal` : `${columns}, ${ofContent}`
}

/** To be joined to `files f`. */
export function summaryJoinOf(status: FileRecord['status'] | null): string {
  if (status === 'uploading')
    return 'LEFT JOIN uploads u ON u.organization_id = f.organization_id AND u.file_id = f.id'
  if (status === 'error' || status === 'failed') return ''
  return 'LEFT JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id'
}

export function toFileSummary(id: FileId, row: SummaryRow): FileSummary {
  const { byte_size = null, sha256 = null, refusal = null } = row
  return {
    id,
    filename: row.filename,
    contentType: row.content_type,
    metadata: JSON.parse(row.metadata) as Metadata,
    origin: toOrigin(row),
    createdAt: row.created_at,
    status: row.status,
    refusal: refusal === null ? null : (JSON.parse(refusal) as Refusal),
    byteSize: byte_size,
    sha256: sha256 === null ? null : (sha256.toLowerCase() as Sha256),
    isDuplicate: row.is_duplicate === 1,
  }
}
