import type { Association } from '../core/associations/association'
import type { FilePage, FileSelection, FoundPage, PageOptions } from '../core/files/file-selection'
import type { SummaryPart, SummaryWith } from '../core/files/file-summary'
import { type FileId, type OrganizationId, uuidOf } from '../core/ids'
import { type AssociationRow, toAssociations } from './association-rows'
import { runRepeatableBatch } from './d1'
import { toFileRecord } from './file-records'
import { type FileRow, fileColumns } from './file-rows'
import { type SummaryRow, summaryColumnsOf, summaryJoinOf, toFileSummary } from './file-summaries'
import { walkOf } from './file-walk'
import { prepare, type Statement } from './statement'

/**
 * What one page may take: steps of the walk, each a look into an index, and associations. A file has fewer of these,
 * so that there is one on the page; and a walk gets on by as many steps as the selection has conditions.
 */
const listBounds = { steps: 1000, associations: 2000 }

/** Among how many of the newest pending files those are looked for that may have got their bytes. */
const pendingLooked = 20

export type ListOptions<Part extends SummaryPart> = PageOptions<Part> & {
  /** How many files the first page tells of whose bytes are awaited. */
  pendingMax: number
}

/** A file of the page, or where its walk was given up; ids as 32 hexadecimal digits, '' where there is none. */
type Row = Partial<SummaryRow> & { position: string; stopped_at?: string; associations?: string | null }

/** A page of the files of `selection`, newest first. One round trip, within `bounds`. */
export async function listFiles<Part extends SummaryPart>(
  db: D1Database,
  organizationId: OrganizationId,
  selection: FileSelection,
  options: ListOptions<Part>,
  bounds = listBounds,
): Promise<FoundPage<Part>> {
  const { page, pending } = await runRepeatableBatch(db, 'files.list', {
    page: selectPage(db, organizationId, selection, options, bounds),
    pending: options.before === null ? selectPending(db, organizationId, options.pendingMax) : null,
  })
  const toSummary = (row: Row & SummaryRow) =>
    toFileSummary(fileIdOf(row.position), row, options.part, selection.status)
  return {
    ...pageOf(page, options.limit, bounds.associations, toSummary),
    pending: pending.map(toFileRecord).filter((file) => file.status === 'uploading'),
  }
}

function selectPage(
  db: D1Database,
  organizationId: OrganizationId,
  selection: FileSelection,
  { before, limit, part, withAssociations }: PageOptions<SummaryPart>,
  { steps, associations }: typeof listBounds,
): Statement<Row> {
  const { status, terms, resource } = selection
  const walk = walkOf(selection, steps)
  return prepare(
    db,
    `WITH page AS ${withAssociations ? 'MATERIALIZED' : ''} (${walk.sql})
       ${withAssociations ? `, ${tiesOfPage(associations)}` : ''}
     SELECT hex(page.position) AS position, ${walk.mayStop ? 'hex(page.stopped_at) AS stopped_at,' : ''}
       ${summaryColumnsOf(part, status)} ${withAssociations ? ', ties.associations' : ''}
     FROM page
       LEFT JOIN files f ON f.organization_id = :organizationId AND f.id = page.position
         AND f.status = coalesce(:status, 'ready')
       ${summaryJoinOf(status)} ${withAssociations ? 'LEFT JOIN ties ON ties.file_id = page.position' : ''}`,
    {
      organizationId,
      before,
      rowsMax: limit + 1,
      status,
      terms: JSON.stringify(terms),
      resourceType: resource?.type ?? null,
      resourceId: resource?.id ?? null,
    },
  )
}

/** The associations of the page's files, file by file, up to one more than the page carries. */
const tiesOfPage = (max: number) => `ties AS MATERIALIZED (
  SELECT file_id, json_group_array(json_object(
    'resource_type', resource_type, 'resource_id', resource_id, 'created_at', created_at)) AS associations
  FROM (
    SELECT a.file_id, a.resource_type, a.resource_id, a.created_at
    FROM page CROSS JOIN associations a ON a.organization_id = :organizationId AND a.file_id = page.position
    LIMIT ${max + 1})
  GROUP BY file_id)`

/** The newest files that a client was to send by itself. */
function selectPending(db: D1Database, organizationId: OrganizationId, max: number): Statement<FileRow> {
  return prepare(
    db,
    `SELECT ${fileColumns} FROM (
       SELECT * FROM uploads WHERE organization_id = :organizationId ORDER BY file_id DESC LIMIT ${pendingLooked}) u
     CROSS JOIN files f ON f.organization_id = u.organization_id AND f.id = u.file_id
     LEFT JOIN contents c ON false
     WHERE u.method <> 'edge' LIMIT :max`,
    { organizationId, max },
  )
}

/** What is shown of `rows`, which are one more than the page if there are that many, and where the next one begins. */
function pageOf<Part extends SummaryPart>(
  rows: readonly Row[],
  limit: number,
  associationsMax: number,
  toSummary: (row: Row & SummaryRow) => SummaryWith<Part>,
): FilePage<Part> {
  const found = rows
    .filter(({ position }) => position !== '')
    .sort((a, b) => (a.position < b.position ? 1 : -1))
  const whole = found.slice(0, completeCount(found, associationsMax))
  const shown = whole.slice(0, limit)
  // A row of an index may be of a file that is not there, or has no bytes any more.
  const files = shown.filter(isSummaryRow).map((row) => ({ file: toSummary(row), associations: tiesOf(row) }))
  const last = shown.at(-1)
  if (last && shown.length < found.length) return { files, next: fileIdOf(last.position) }
  const stop = rows.find((row) => row.stopped_at)
  if (!stop?.stopped_at) return { files, next: null }
  return { files, next: fileIdOf(stop.position || following(stop.stopped_at)) }
}

/** How many of the first files have all their associations: the last one read was cut off if there are too many. */
function completeCount(found: readonly Row[], associationsMax: number): number {
  let left = associationsMax
  for (const [index, row] of found.entries()) {
    left -= row.associations ? (JSON.parse(row.associations) as unknown[]).length : 0
    if (left < 0) return Math.max(1, index)
  }
  return found.length
}

function tiesOf({ associations }: Row): Association[] | null {
  if (associations === undefined) return null
  return toAssociations(associations === null ? [] : (JSON.parse(associations) as AssociationRow[]))
}

function isSummaryRow(row: Row): row is Row & SummaryRow {
  return typeof row.filename === 'string'
}

/** The next possible id: the ids below it are those up to `hex`. */
function following(hex: string): string {
  return (BigInt(`0x${hex}`) + 1n).toString(16).padStart(32, '0')
}

/** The id of 32 hexadecimal digits. */
function fileIdOf(hex: string): FileId {
  return uuidOf(hex.toLowerCase()) as FileId
}
