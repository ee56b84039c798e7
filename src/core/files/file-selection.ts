import type { Association, ResourceType } from '../associations/association'
import type { FileId } from '../ids'
import type { FileRecord, PendingFile } from './file-record'
import type { SummaryPart, SummaryWith } from './file-summary'
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
export type AssociatedFile<Part extends SummaryPart> = {
  file: SummaryWith<Part>
  associations: Association[] | null
}

/**
 * Files, newest first. The following page begins after the id `next`, whether or not a file has it; null at the end. A
 * page may be shorter than was asked for, or empty, and still have a next one.
 */
export type FilePage<Part extends SummaryPart> = { files: AssociatedFile<Part>[]; next: FileId | null }

/** Which page, and what it shows. */
export type PageOptions<Part extends SummaryPart> = {
  /** null: the first one. */
  before: FileId | null
  limit: number
  /** What is shown of each file besides what every list shows. */
  part: Part
  withAssociations: boolean
}

/** A page; the first one also has the newest pending files whose clients put the bytes into the bucket themselves. */
export type FoundPage<Part extends SummaryPart> = FilePage<Part> & { pending: PendingFile[] }
