import type { MetadataTerm } from '../core/files/metadata'
import type { FileId, OrganizationId } from '../core/ids'
import type { FileRepository } from '../core/ports/repositories'
import { readRow, readRows, rowsOf, runBatch } from './d1'
import { type DueRow, dueColumns, toDueObject } from './deletion-repository'
import { type FileRow, fileColumns, fileJoins, toFileRecord } from './file-rows'
import { deleteLastContent, letGoOfContent } from './let-go-of-content'
import { letGoOfUploads } from './let-go-of-upload'

/** Greater than every file id. */
const afterEveryId = '~'

export function createFileRepository(db: D1Database): FileRepository {
  return {
    async find(organizationId, id) {
      const row = await readRow<FileRow>('files.find', selectFile(db, organizationId, id))
      return row && toFileRecord(row)
    },

    async findPublic(organizationId, id) {
      const row = await readRow<FileRow>(
        'files.findPublic',
        db
          .prepare(
            `SELECT ${fileColumns} FROM files f ${fileJoins}
             WHERE f.id = ?1 AND f.organization_id = ?2 AND f.is_public = 1`,
          )
          .bind(id, organizationId),
      )
      return row && toFileRecord(row)
    },

    async list(organizationId, { terms, before, limit }) {
      const page = [organizationId, before ?? afterEveryId, limit] as const
      const statement =
        terms.length === 0
          ? db.prepare(newestFirst).bind(...page)
          : db
              .prepare(newestWithTerms(terms.length))
              .bind(...page, ...terms.flatMap(({ field, value }: MetadataTerm) => [field, value]))
      return (await readRows<FileRow>('files.list', statement)).map(toFileRecord)
    },

    async delete(organizationId, id, now) {
      const statement = (sql: string, ...more: unknown[]) => db.prepare(sql).bind(id, organizationId, ...more)
      const results = await runBatch(db, 'files.delete', [
        letGoOfContent(db, organizationId, id, now),
        letGoOfUploads(db, organizationId, [id], now),
        statement(
          `SELECT ${dueColumns} FROM object_deletions WHERE object_key IN (
             SELECT c.object_key FROM files f JOIN contents c ON c.id = f.content_id
             WHERE f.id = ?1 AND f.organization_id = ?2
             UNION SELECT object_key FROM uploads WHERE file_id = ?1 AND organization_id = ?2)
           UNION ALL SELECT object_key, NULL, NULL FROM uploads
             WHERE file_id = ?1 AND organization_id = ?2 AND object_key GLOB '_incoming/*'`,
        ),
        statement('DELETE FROM metadata_terms WHERE file_id = ?1 AND organization_id = ?2'),
        statement('DELETE FROM uploads WHERE file_id = ?1 AND organization_id = ?2'),
        deleteLastContent(db, organizationId, id),
        statement('DELETE FROM files WHERE id = ?1 AND organization_id = ?2 RETURNING id'),
      ])
      if (rowsOf(results, -1).length === 0) return null
      return rowsOf<DueRow>(results, -5).map(toDueObject)
    },
  }
}

/** One file with its content and its upload. */
export function selectFile(db: D1Database, organizationId: OrganizationId, id: FileId): D1PreparedStatement {
  return db
    .prepare(`SELECT ${fileColumns} FROM files f ${fileJoins} WHERE f.id = ?1 AND f.organization_id = ?2`)
    .bind(id, organizationId)
}

const newestFirst = `SELECT ${fileColumns} FROM files f ${fileJoins}
  WHERE f.organization_id = ?1 AND f.content_id IS NOT NULL AND f.id < ?2
  ORDER BY f.id DESC LIMIT ?3`

/**
 * Files that have all of `count` terms, newest first: a leapfrog join over the sorted lists that the
 * index keeps per term. Each step seeks, in every list, the newest file at or before the oldest candidate
 * of the step before; where all lists name the same file, it matches. So a step skips all files that any
 * one list lacks, and the work is bounded by the shortest list, not by the organization's files.
 *
 * Rows come out in the order of the walk, newest first; an ORDER BY would only make SQLite walk to the
 * end before it stops at the limit. Parameters: organization, before, limit, then field and value per term.
 */
function newestWithTerms(count: number): string {
  const candidates = Array.from({ length: count }, (_, index) => `a${index}`)
  const seek = (index: number, bound: string) =>
    `(SELECT max(file_id) FROM metadata_terms WHERE organization_id = ?1
       AND field = ?${4 + 2 * index} AND value = ?${5 + 2 * index} AND file_id < ${bound})`
  const all = candidates.join(', ')
  // min() and max() of one argument would be aggregates.
  const matched = count === 1 ? 'a0 IS NOT NULL' : `min(${all}) = max(${all})`
  const next = count === 1 ? 'a0' : `CASE WHEN ${matched} THEN a0 ELSE min(${all}) || '~' END`
  return `WITH RECURSIVE walk (${all}) AS (
      SELECT ${candidates.map((_, index) => seek(index, '?2')).join(', ')}
      UNION ALL
      SELECT ${candidates.map((_, index) => seek(index, `(${next})`)).join(', ')}
      FROM walk WHERE ${candidates.map((name) => `${name} IS NOT NULL`).join(' AND ')}
    )
    SELECT ${fileColumns} FROM walk CROSS JOIN files f ON f.id = walk.a0 AND f.organization_id = ?1 ${fileJoins}
    WHERE ${matched} AND f.content_id IS NOT NULL LIMIT ?3`
}
