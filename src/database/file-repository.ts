import type { Metadata } from '../core/files/metadata'
import type { FileId, OrganizationId } from '../core/ids'
import type { FileRepository } from '../core/ports/repositories'
import { readRow, readRows, rowsOf, runBatch, runRepeatableBatch } from './d1'
import { type DueRow, dueColumns, toDueObject } from './deletion-repository'
import { listFiles } from './file-list'
import { type FileRow, fileColumns, fileJoins, toFileRecord } from './file-rows'
import { deleteLastContent, letGoOfContent } from './let-go-of-content'
import { letGoOfUploads } from './let-go-of-upload'
import { deleteTerms } from './metadata-terms'

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

    list: (organizationId, selection, page) => listFiles(db, organizationId, selection, page),

    async findUnindexed(limit) {
      const rows = await readRows<{ id: string; organization_id: string; metadata: string }>(
        'files.findUnindexed',
        db
          .prepare('SELECT id, organization_id, metadata FROM files WHERE terms IS NULL LIMIT ?1')
          .bind(limit),
      )
      return rows.map((row) => ({
        id: row.id as FileId,
        organizationId: row.organization_id as OrganizationId,
        metadata: JSON.parse(row.metadata) as Metadata,
      }))
    },

    async index(files) {
      const listed = JSON.stringify(files)
      await runRepeatableBatch(db, 'files.index', [
        db
          .prepare(
            `UPDATE files SET terms = j.terms FROM (
               SELECT value ->> '$.id' AS id, value -> '$.terms' AS terms FROM json_each(?1)) j
             WHERE files.id = j.id AND files.terms IS NULL`,
          )
          .bind(listed),
        // What awaits its bytes is put in when they come.
        db
          .prepare(
            `INSERT INTO metadata_terms (term, file_id)
             SELECT t.value, f.id FROM json_each(?1) j CROSS JOIN files f ON f.id = j.value ->> '$.id'
               CROSS JOIN json_each(f.terms) t
             WHERE f.content_id IS NOT NULL
             ON CONFLICT DO NOTHING`,
          )
          .bind(listed),
      ])
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
        deleteTerms(db, organizationId, id),
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
