import {
  type FileRow,
  listFiles,
  listFilesByMetadata,
  type MetadataFilter,
  type Page,
  type Status,
} from '../../api/files'
import type { Member } from '../../session/session'
import { type Kind, kindOf } from '../../words/content-type'

/** Which files are shown. `metadata` finds ready files only, so it goes before `status`. */
export type Selection = { status: Status; kind: Kind | null; metadata: MetadataFilter }

export const everything: Selection = { status: 'ready', kind: null, metadata: {} }

const pageSize = 50
/** How many pages of the API are read at most for one page here; the API has no filter for types. */
const readsMax = 10

/** `searched`: how many files were looked at for this page. */
export type FilePage = Page<FileRow> & { searched: number }

/** Up to about a hundred of the files after `cursor`, newest first. */
export async function loadPage(
  member: Member,
  selection: Selection,
  cursor: string | null,
): Promise<FilePage> {
  const items: FileRow[] = []
  let searched = 0
  let next = cursor
  for (let reads = 0; reads < readsMax; reads++) {
    const page = await read(member, selection, next)
    searched += page.items.length
    items.push(...page.items.filter(({ contentType }) => fits(contentType, selection.kind)))
    next = page.nextCursor
    if (next === null || items.length >= pageSize) break
  }
  return { items, searched, nextCursor: next }
}

export function isFiltered({ status, kind, metadata }: Selection): boolean {
  return status !== 'ready' || kind !== null || hasMetadata(metadata)
}

export function hasMetadata(metadata: MetadataFilter): boolean {
  return Object.keys(metadata).length > 0
}

function read(
  member: Member,
  { status, metadata }: Selection,
  cursor: string | null,
): Promise<Page<FileRow>> {
  return hasMetadata(metadata)
    ? listFilesByMetadata(member, { metadata, cursor, limit: pageSize })
    : listFiles(member, { status, cursor, limit: pageSize })
}

function fits(contentType: string, kind: Kind | null): boolean {
  return kind === null || kindOf(contentType) === kind
}
