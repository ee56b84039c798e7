import type { FileSelection } from '../core/files/file-selection'

/**
 * A query for the ids of the files of a selection, newest first, which reads no more than its page and its steps,
 * however many files there are. All are below the id `:before`, unless that is NULL, and no more than `:rowsMax`; `:terms`
 * are a JSON array. Each row is a file (`position`); a row of a walk that `mayStop` is that, or says where the walk was
 * given up (`stopped_at`).
 */
export type FileWalk = {
  sql: `${string} :organizationId :before :rowsMax :status :terms :resourceType :resourceId ${string}`
  mayStop: boolean
}

/** A list of file ids that an index keeps in order. */
type SortedList = { from: string; id: string; where: string }

/** The walk for `selection`, of at most `stepsMax` steps: as many at the least as the selection has conditions. */
export function walkOf({ terms, status, resource }: FileSelection, stepsMax: number): FileWalk {
  const lists: SortedList[] = []
  if (resource !== null) lists.push(resource.id === null ? ofResourceType : ofResource)
  for (const at of terms.keys())
    lists.push({ from: 'metadata_terms', id: 'file_id', where: `term = :terms ->> ${at}` })
  if (status === 'uploading') lists.push(uploading)
  else if (status === 'error' || status === 'failed') lists.push(lost)
  // Only files with bytes have terms.
  else if (status === 'ready' || terms.length === 0) lists.push(withBytes)
  const [first = withBytes, ...others] = lists
  const mayStop = others.length > 0
  const sql = mayStop ? joined([first, ...others], stepsMax) : page(first)
  // The text is made here, so the compiler cannot see which of the parameters it has.
  return { sql: sql as FileWalk['sql'], mayStop }
}

// Indices are named where SQLite could take another one in the same order, which has what is not wanted as well.

/** Those that are `ready`. */
const withBytes: SortedList = {
  from: 'files INDEXED BY files_ready',
  id: 'id',
  where: 'organization_id = :organizationId AND content_id IS NOT NULL',
}

const uploading: SortedList = { from: 'uploads', id: 'file_id', where: 'organization_id = :organizationId' }

/** Those that are `error`, or `failed`. */
const lost: SortedList = {
  from: 'files INDEXED BY files_lost',
  id: 'id',
  where: "organization_id = :organizationId AND status = :status AND status IN ('error', 'failed')",
}

/** A file is in the list once for each of its resources: a seek for the next id passes them. */
const ofResourceType: SortedList = {
  from: 'associations INDEXED BY associations_by_type',
  id: 'file_id',
  where: 'organization_id = :organizationId AND resource_type = :resourceType',
}

const ofResource: SortedList = {
  from: 'associations INDEXED BY associations_by_resource',
  id: 'file_id',
  where: 'organization_id = :organizationId AND resource_type = :resourceType AND resource_id = :resourceId',
}

/** The bound of a list that begins with its newest file is above every id. */
const before = "coalesce(unhex(:before, '-'), x'ff')"

/** The files of one list. */
function page({ from, id, where }: SortedList): string {
  return `SELECT ${id} AS position FROM ${from}
    WHERE ${where} AND ${id} < ${before} ORDER BY ${id} DESC LIMIT :rowsMax`
}

/**
 * The files that are in all lists: a leapfrog join over sorted lists (Veldhuizen, "Leapfrog Triejoin"). Each step
 * asks the next list in turn for its newest file at or before the candidate; a file that all of them have named in
 * succession matches. So a step skips all files that its list lacks.
 *
 * After its last step the walk says where it is: `stopped_at` is then the candidate, below which nothing has been
 * looked at. It is a match if it is the `position` too.
 *
 * Rows come out in the order of the walk; an ORDER BY would make SQLite walk to the end before the limit.
 */
function joined(lists: readonly [SortedList, ...SortedList[]], stepsMax: number): string {
  const count = lists.length
  const agreeing = 'CASE WHEN candidate = previous THEN streak + 1 ELSE 1 END'
  const isMatch = `${agreeing} = ${count}`
  const seeks = lists.map(
    (list, index) =>
      `WHEN ${index} THEN iif(${isMatch}, ${newest(list, '< candidate')}, ${newest(list, '<= candidate')})`,
  )
  return `
    WITH RECURSIVE walk (step, list, previous, streak, candidate) AS (
      SELECT 1, 0, NULL, 0, ${newest(lists[0], `< ${before}`)}
      UNION ALL
      SELECT step + 1, (list + 1) % ${count}, candidate, ${agreeing},
        CASE (list + 1) % ${count} ${seeks.join(' ')} END
      FROM walk WHERE candidate IS NOT NULL AND step < ${stepsMax}
    )
    SELECT CASE WHEN ${isMatch} THEN candidate END AS position,
      CASE WHEN step = ${stepsMax} THEN candidate END AS stopped_at
    FROM walk WHERE candidate IS NOT NULL AND (${isMatch} OR step = ${stepsMax}) LIMIT :rowsMax`
}

/** The newest id of a list within `bound`; NULL when there is none. */
function newest({ from, id, where }: SortedList, bound: string): string {
  return `(SELECT max(${id}) FROM ${from} WHERE ${where} AND ${id} ${bound})`
}
