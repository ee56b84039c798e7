import type { Refusal } from '../core/errors'
import type { FileOrigin, FileRecord } from '../core/files/file-record'
import type { Metadata } from '../core/files/metadata'
import type { FileId, Md5, ObjectKey, OrganizationId, Sha256 } from '../core/ids'
import type { Promotion, Upload } from '../core/uploads/upload'
import type { FileRow } from './file-rows'

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
  switch (row.status) {
    case 'uploading':
      return { ...base, status: row.status, upload: required(toUpload(row)) }
    case 'ready':
      return {
        ...base,
        status: row.status,
        content: {
          byteSize: required(row.byte_size),
          sha256: row.sha256 as Sha256 | null,
          objectKey: required(row.object_key) as ObjectKey,
          etag: required(row.etag),
          sourceEtag: row.source_etag,
          watchUntil: row.watch_until,
        },
        isDuplicate: row.is_duplicate === 1,
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

export function toOrigin(row: Pick<FileRow, 'source' | 'source_detail' | 'connector_metadata'>): FileOrigin {
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
    case 'append':
      return {
        ...place,
        method: row.upload_method,
        byteSize: row.upload_byte_size,
        md5: null,
        sha256: seal.sha256,
        contentDisposition: null,
        partBytes: required(row.upload_part_bytes),
        multipartId: row.upload_multipart_id,
        receivedBytes: required(row.upload_received_bytes),
      }
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
