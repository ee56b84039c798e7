import type { Refusal } from '../core/errors'
import type { FileRecord } from '../core/files/file-record'
import type { FileSummary, SummaryPart, SummaryParts, SummaryWith } from '../core/files/file-summary'
import type { Metadata } from '../core/files/metadata'
import type { FileId, Sha256 } from '../core/ids'
import { toOrigin } from './file-records'
import type { FileRow } from './file-rows'

// A list selects what it shows: each column costs on every row, in D1 and in the Worker.

/** The status of the files that a list shows; null: those that are ready. */
type Status = FileRecord['status'] | null

/** What a list selects of file `f`; a column that its part has not, or that files of its status cannot have, is not there. */
export type SummaryRow = Pick<FileRow, 'filename' | 'content_type' | 'created_at'> &
  Partial<
    Pick<
      FileRow,
      | 'byte_size'
      | 'metadata'
      | 'source'
      | 'source_detail'
      | 'connector_metadata'
      | 'sha256'
      | 'is_duplicate'
      | 'refusal'
    >
  >

const isLost = (status: Status) => status === 'error' || status === 'failed'

/** The select list. */
export function summaryColumnsOf(part: SummaryPart, status: Status): string {
  const columns = ['f.filename', 'f.content_type', 'f.created_at']
  if (!isLost(status)) columns.push(status === 'uploading' ? 'u.byte_size' : 'c.byte_size')
  if (part === 'metadata') return [...columns, 'f.metadata'].join(', ')
  columns.push('f.source', 'f.source_detail', 'f.connector_metadata')
  if (isLost(status)) columns.push('f.refusal')
  else if (status !== 'uploading')
    columns.push("nullif(hex(c.sha256), '') AS sha256", 'f.content_id <> f.id AS is_duplicate')
  return columns.join(', ')
}

/** To be joined to `files f`. */
export function summaryJoinOf(status: Status): string {
  if (isLost(status)) return ''
  return status === 'uploading'
    ? 'LEFT JOIN uploads u ON u.organization_id = f.organization_id AND u.file_id = f.id'
    : 'LEFT JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id'
}

export function toFileSummary<Part extends SummaryPart>(
  id: FileId,
  row: SummaryRow,
  part: Part,
  status: Status,
): SummaryWith<Part> {
  const { filename, content_type: contentType, created_at: createdAt, byte_size: byteSize = null } = row
  const shown = part === 'metadata' ? metadataOf(row) : stateOf(row, status ?? 'ready')
  const every: FileSummary = { id, filename, contentType, createdAt, byteSize }
  // The compiler does not see which part it is.
  return { ...every, ...(shown as SummaryParts[Part]) }
}

function metadataOf({ metadata = '{}' }: SummaryRow): SummaryParts['metadata'] {
  return { metadata: JSON.parse(metadata) as Metadata }
}

function stateOf(row: SummaryRow, status: FileRecord['status']): SummaryParts['state'] {
  const { source = 'api', source_detail = null, connector_metadata = null } = row
  const { sha256 = null, refusal = null } = row
  return {
    origin: toOrigin({ source, source_detail, connector_metadata }),
    status,
    refusal: refusal === null ? null : (JSON.parse(refusal) as Refusal),
    sha256: sha256 === null ? null : (sha256.toLowerCase() as Sha256),
    isDuplicate: row.is_duplicate === 1,
  }
}
