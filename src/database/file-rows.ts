import type { Refusal } from '../core/errors'
import type { FileOrigin, FileRecord } from '../core/files/file-record'
import type { Metadata } from '../core/files/metadata'
import type { ContentId, FileId, Md5, ObjectKey, OrganizationId, Sha256 } from '../core/ids'
import type { Promotion, Upload } from '../core/uploads/upload'
import { prepare, type Statement } from './statement'

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
  is_duplicate: number
  is_public: number
  source: FileOrigin['source']
  source_detail: string | null
  connector_metadata: string | null
  created_at: number
  content_id: string | null
  byte_size: number | null
  sha256: string | null
  object_key: string | null
  etag: string | null
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
}

const columns: Record<keyof FileRow, string> = {
  id: 'f.id',
  organization_id: 'f.organization_id',
  filename: 'f.filename',
  content_type: 'f.content_type',
  metadata: 'f.metadata',
  checksum: 'f.checksum',
  status: 'f.status',
  refusal: 'f.refusal',
  is_duplicate: 'f.is_duplicate',
  is_public: 'f.is_public',
  source: 'f.source',
  source_detail: 'f.source_detail',
  connector_metadata: 'f.connector_metadata',
  created_at: 'f.created_at',
  content_id: 'c.id',
  byte_size: 'c.byte_size',
  sha256: 'c.sha256',
  object_key: 'c.object_key',
  etag: 'c.etag',
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
}

/** The select list of a file row. */
export const fileColumns = Object.entries(columns)
  .map(([name, expression]) => `${expression} AS ${name}`)
  .join(', ')

/** To be joined to `files f`. */
export const fileJoins = 'LEFT JOIN contents c ON c.id = f.content_id LEFT JOIN uploads u ON u.file_id = f.id'

/** A file row as one JSON value: what an idempotency record keeps of it. */
export const fileSnapshot = `json_object(${Object.entries(columns)
  .map(([name, expression]) => `'${name}', ${expression}`)
  .join(', ')})`

/** One file with its content and its upload. */
export function selectFile(
  db: D1Database,
  of: { fileId: FileId; organizationId: OrganizationId },
): Statement<FileRow> {
  return prepare(
    db,
    `SELECT ${fileColumns} FROM files f ${fileJoins}
     WHERE f.id = :fileId AND f.organization_id = :organizationId`,
    of,
  )
}

export function toFileRecord(row: FileRow): FileRecord {
  const base = {
    id: row.id as FileId,
    organizationId: row.organization_id as OrganizationId,
    filename: row.filename,
    contentType: row.content_type,
    metadata: JSON.parse(row.metadata) as Metadata,
    isPublic: row.is_public === 1,
    checksum: row.checksum,
    origin: toOrigin(row),
    createdAt: row.created_at,
  }
  const upload = toUpload(row)
  switch (row.status) {
    case 'uploading':
      return { ...base, status: row.status, upload: required(upload) }
    case 'ready':
      return {
        ...base,
        status: row.status,
        content: {
          id: required(row.content_id) as ContentId,
          byteSize: required(row.byte_size),
          sha256: row.sha256 as Sha256 | null,
          objectKey: required(row.object_key) as ObjectKey,
          etag: required(row.etag),
        },
        isDuplicate: row.is_duplicate === 1,
        upload,
      }
    case 'error':
    case 'failed':
      return { ...base, status: row.status, refusal: JSON.parse(required(row.refusal)) as Refusal }
  }
}

/** What `fileSnapshot` kept. */
export function parseFileReply(text: string): { file: FileRecord } {
  return { file: toFileRecord(JSON.parse(text) as FileRow) }
}

/** The values of a file's origin, by the names of their parameters. */
export function originValues({ source, sourceDetail, connectorMetadata }: FileOrigin) {
  return {
    source,
    sourceDetail,
    connectorMetadata: connectorMetadata && JSON.stringify(connectorMetadata),
  }
}

function toOrigin(row: FileRow): FileOrigin {
  const { source, source_detail, connector_metadata } = row
  return {
    source,
    sourceDetail: source_detail,
    connectorMetadata: connector_metadata ? (JSON.parse(connector_metadata) as Metadata) : null,
  }
}

function toUpload(row: FileRow): Upload | null {
  if (row.upload_method === null) return null
  const place = {
    objectKey: required(row.upload_object_key) as ObjectKey,
    contentKey: required(row.upload_content_key) as ObjectKey,
    contentType: required(row.upload_content_type),
    expiresAt: required(row.upload_expires_at),
  }
  const seal = {
    md5: row.upload_md5 as Md5 | null,
    sha256: row.upload_sha256 as Sha256 | null,
    contentDisposition: row.upload_content_disposition,
  }
  switch (row.upload_method) {
    case 'edge':
      return { ...place, method: row.upload_method, byteSize: row.upload_byte_size }
    case 'presigned_put':
      return {
        ...place,
        ...seal,
        method: row.upload_method,
        byteSize: row.upload_byte_size,
        writeOnce: row.upload_write_once === 1,
        promotion: toPromotion(row),
      }
    case 'multipart':
      return {
        ...place,
        ...seal,
        method: row.upload_method,
        byteSize: required(row.upload_byte_size),
        partBytes: required(row.upload_part_bytes),
        multipartId: row.upload_multipart_id,
      }
  }
}

function toPromotion({ upload_promoting_etag: etag, upload_promoting_at: at }: FileRow): Promotion | null {
  return etag === null ? null : { etag, at: required(at) }
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error('a file row lacks a column that its status requires')
  return value
}
