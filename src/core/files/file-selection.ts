import type { Association, ResourceType } from '../associations/association'
import type { FileId } from '../ids'
import type { FileRecord, PendingFile } from './file-record'
import type { MetadataTerm } from './metadata'

/** Which files a list is about: those that meet all of it. */
export type FileSelection = {
  /** They have all of these. Only files with bytes have any. */
  terms: readonly MetadataTerm[]
  /** null: those with bytes. */
  status: FileRecord['status'] | null
  /** Only files tied to this resource, or, with `id` null, to any of its type. */
  resource: { type: ResourceType; id: string | null } | null
}

/** A file and, if they were asked for, all its associations, oldest first. */
export type AssociatedFile = { file: FileRecord; associations: Association[] | null }

/**
 * Files, newest first. `next`: the following page begins after it, whether or not there is such a file; null at the
 * end. A page may be shorter than was asked for, or empty, and still have a next one.
 */
export type FilePage = { files: AssociatedFile[]; next: FileId | null }

/** A page and, with the first one, the newest files whose bytes a client was to put into the bucket itself. */
export type FoundPage = FilePage & { pending: PendingFile[] }
