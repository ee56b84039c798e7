import type { Association, ResourceType } from '../associations/association'
import type { FileId } from '../ids'
import type { FileRecord, PendingFile } from './file-record'
import type { FileSummary } from './file-summary'
import type { MetadataTerm } from './metadata'

/** Which files a list shows: those that meet every condition. */
export type FileSelection = {
  /** The file has all of these. Only files with bytes have any. */
  terms: readonly MetadataTerm[]
  /** null: files with bytes. */
  status: FileRecord['status'] | null
  /** Only files tied to this resource, or, with `id` null, to any of its type. */
  resource: { type: ResourceType; id: string | null } | null
}

/** A file and, if they were asked for, all its associations, oldest first. */
export type AssociatedFile = { file: FileSummary; associations: Association[] | null }

/**
 * Files, newest first. The following page begins after the id `next`, whether or not a file has it; null at the end. A
 * page may be shorter than was asked for, or empty, and still have a next one.
 */
export type FilePage = { files: AssociatedFile[]; next: FileId | null }

/** A page; the first one also has the newest pending files whose clients put the bytes into the bucket themselves. */
export type FoundPage = FilePage & { pending: PendingFile[] }
