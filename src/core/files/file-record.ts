import type { Content } from '../contents/content'
import type { Refusal } from '../errors'
import type { FileId, OrganizationId } from '../ids'
import type { Upload } from '../uploads/upload'
import type { Metadata } from './metadata'

/** Where the request that made a file came from. */
export type FileOrigin = {
  /** `m2m`: a machine with a token of its own. `connector`: synchronised from elsewhere. */
  source: 'api' | 'm2m' | 'connector'
  /** Such as `google_drive`; null: not said. */
  sourceDetail: string | null
  /** What the connector says about the file; null unless it comes from one. */
  connectorMetadata: Metadata | null
}

/** What every file has, whatever its status. */
export type FileBase = {
  id: FileId
  organizationId: OrganizationId
  filename: string
  contentType: string
  metadata: Metadata
  /** Every client that knows its object key may read it. */
  isPublic: boolean
  /** As the client that promised the file wrote it; null: it promised none. Stored bytes agree with it. */
  checksum: string | null
  origin: FileOrigin
  /** Milliseconds since 1970 UTC. */
  createdAt: number
}

/** A file whose bytes are in the bucket, verified. */
export type StoredFile = FileBase & {
  status: 'ready'
  content: Content
  /** The bytes were already the organization's when this file was made. */
  isDuplicate: boolean
}

/** A file whose bytes are awaited. */
export type PendingFile = FileBase & { status: 'uploading'; upload: Upload }

/** A file whose bytes were refused (`error`) or never came (`failed`). */
export type LostFile = FileBase & { status: 'error' | 'failed'; refusal: Refusal }

export type FileRecord = StoredFile | PendingFile | LostFile

/** Whether `file` has bytes that may be handed out. */
export function isStored(file: FileRecord): file is StoredFile {
  return 'content' in file
}
