import type { FileOrigin, FileRecord } from '../core/files/file-record'
import type { FileId, GrantId, OrganizationId } from '../core/ids'
import type { Upload } from '../core/uploads/upload'
import { prepare, type Statement } from './statement'

/** The values of `:fileId` and `:organizationId`. */
export type OfFile = { fileId: FileId; organizationId: OrganizationId }

/** The row of file `:fileId` in `files` and `contents`. */
export const isFile = "organization_id = :organizationId AND id = unhex(:fileId, '-')" as const

/** The rows of file `:fileId` in other tables. */
export const isOfFile = "organization_id = :organizationId AND file_id = unhex(:fileId, '-')" as const

/** A file with its content and its upload, as every query of files returns it. */
export type FileRow = {
  id: string
  organization_id: string
  filename: string
  content_type: string
  metadata: string
  checksum: string | null
  status: FileRecord['status']
  refusal: string | null
  is_duplicate: number | null
  is_public: number
  source: FileOrigin['source']
  source_detail: string | null
  connector_metadata: string | null
  created_at: number
  byte_size: number | null
  sha256: string | null
  object_key: string | null
  etag: string | null
  source_etag: string | null
  watch_until: number | null
  upload_method: Upload['method'] | null
  upload_object_key: string | null
  upload_content_key: string | null
  upload_content_type: string | null
  upload_byte_size: number | null
  upload_expires_at: number | null
  upload_md5: string | null
  upload_sha256: string | null
  upload_write_once: number | null
  upload_content_disposition: string | null
  upload_multipart_id: string | null
  upload_part_bytes: number | null
  upload_promoting_etag: string | null
  upload_promoting_at: number | null
  upload_received_bytes: number | null
}

const columns: Record<keyof FileRow, string> = {
  id: 'f.uuid',
  organization_id: 'f.organization_id',
  filename: 'f.filename',
  content_type: 'f.content_type',
  metadata: 'f.metadata',
  checksum: 'f.checksum',
  status: 'f.status',
  refusal: 'f.refusal',
  is_duplicate: 'f.content_id <> f.id',
  is_public: 'f.is_public',
  source: 'f.source',
  source_detail: 'f.source_detail',
  connector_metadata: 'f.connector_metadata',
  created_at: 'f.created_at',
  byte_size: 'c.byte_size',
  // hex() makes an empty text of NULL.
  sha256: "nullif(lower(hex(c.sha256)), '')",
  object_key: 'c.object_key',
  etag: 'c.etag',
  source_etag: 'c.source_etag',
  watch_until: 'c.watch_until',
  upload_method: 'u.method',
  upload_object_key: 'u.object_key',
  upload_content_key: 'u.content_key',
  upload_content_type: 'u.content_type',
  upload_byte_size: 'u.byte_size',
  upload_expires_at: 'u.expires_at',
  upload_md5: 'u.md5',
  upload_sha256: 'u.sha256',
  upload_write_once: 'u.write_once',
  upload_content_disposition: 'u.content_disposition',
  upload_multipart_id: 'u.multipart_id',
  upload_part_bytes: 'u.part_bytes',
  upload_promoting_etag: 'u.promoting_etag',
  upload_promoting_at: 'u.promoting_at',
  upload_received_bytes: 'u.received_bytes',
}

/** The select list of a file row. */
export const fileColumns = Object.entries(columns)
  .map(([name, expression]) => `${expression} AS ${name}`)
  .join(', ')

/** To be joined to `files f`. */
export const fileJoins =
  `LEFT JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id
  LEFT JOIN uploads u ON u.organization_id = f.organization_id AND u.file_id = f.id` as const

/** A file row as one JSON value: what an idempotency record keeps of it. */
export const fileSnapshot = `json_object(${Object.entries(columns)
  .map(([name, expression]) => `'${name}', ${expression}`)
  .join(', ')})`

const oneFile = `SELECT ${fileColumns} FROM files f ${fileJoins}
  WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-')` as const

const oneGrantedFile = `${oneFile} AND f.grant_id = unhex(:grantId, '-')` as const

/** One file that was made under a grant. */
export function selectGrantedFile(db: D1Database, of: OfFile & { grantId: GrantId }): Statement<FileRow> {
  return prepare(db, oneGrantedFile, of)
}

/** One file with its content and its upload. */
export function selectFile(db: D1Database, of: OfFile): Statement<FileRow> {
  return prepare(db, oneFile, of)
}
