import type { Metadata } from '../core/files/metadata'
import type { FileId, OrganizationId } from '../core/ids'
import type { FileRepository } from '../core/ports/repositories'
import { readRow, readRows, runBatch, runRepeatableBatch } from './d1'
import { listFiles } from './file-list'
import { toFileRecord } from './file-records'
import { type FileRow, fileColumns, fileJoins, type OfFile, selectFile } from './file-rows'
import { deleteTerms } from './metadata-terms'
import { type DueRow, dueColumns, toDueObject } from './object-deletions'
import { prepare, type Statement } from './statement'
import { deleteLastContent, letGoOfContent, letGoOfUploads } from './uploads/end'

type UnindexedRow = { id: string; organization_id: string; metadata: string }

export function createFileRepository(db: D1Database): FileRepository {
  return {
    async find(organizationId, fileId) {
      const row = await readRow('files.find', selectFile(db, { fileId, organizationId }))
      return row && toFileRecord(row)
    },

    async findPublic(organizationId, id) {
      const select: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM files f ${fileJoins}
         WHERE f.id = :id AND f.organization_id = :organizationId AND f.is_public = 1`,
        { id, organizationId },
      )
      const row = await readRow('files.findPublic', select)
      return row && toFileRecord(row)
    },

    list: (organizationId, selection, page) => listFiles(db, organizationId, selection, page),

    async findUnindexed(limit) {
      const select: Statement<UnindexedRow> = prepare(
        db,
        'SELECT id, organization_id, metadata FROM files WHERE terms IS NULL LIMIT :limit',
        { limit },
      )
      return (await readRows('files.findUnindexed', select)).map((row) => ({
        id: row.id as FileId,
        organizationId: row.organization_id as OrganizationId,
        metadata: JSON.parse(row.metadata) as Metadata,
      }))
    },

    async index(unindexed) {
      const files = JSON.stringify(unindexed)
      await runRepeatableBatch(db, 'files.index', {
        note: prepare(
          db,
          `UPDATE files SET terms = j.terms FROM (
             SELECT value ->> '$.id' AS id, value -> '$.terms' AS terms FROM json_each(:files)) j
           WHERE files.id = j.id AND files.terms IS NULL`,
          { files },
        ),
        // What awaits its bytes is put in when they come.
        insert: prepare(
          db,
          `INSERT INTO metadata_terms (term, file_id)
           SELECT t.value, f.id FROM json_each(:files) j CROSS JOIN files f ON f.id = j.value ->> '$.id'
             CROSS JOIN json_each(f.terms) t
           WHERE f.content_id IS NOT NULL
           ON CONFLICT DO NOTHING`,
          { files },
        ),
      })
    },

    async delete(organizationId, fileId, now) {
      const of = { fileId, organizationId }
      const { due, deleted } = await runBatch(db, 'files.delete', {
        letGoOfContent: letGoOfContent(db, of, now),
        letGoOfUpload: letGoOfUploads(db, organizationId, [fileId], now),
        due: selectDue(db, of),
        unindex: deleteTerms(db, of),
        deleteUpload: prepare(
          db,
          'DELETE FROM uploads WHERE file_id = :fileId AND organization_id = :organizationId',
          of,
        ),
        deleteContent: deleteLastContent(db, of),
        deleted: prepare(
          db,
          'DELETE FROM files WHERE id = :fileId AND organization_id = :organizationId RETURNING id',
          of,
        ),
      })
      return deleted.length === 0 ? null : due.map(toDueObject)
    },
  }
}

/** What the outbox lists of a file that is about to be deleted, and its incoming key. */
function selectDue(db: D1Database, of: OfFile): Statement<DueRow> {
  return prepare(
    db,
    `SELECT ${dueColumns} FROM object_deletions WHERE object_key IN (
       SELECT c.object_key FROM files f JOIN contents c ON c.id = f.content_id
       WHERE f.id = :fileId AND f.organization_id = :organizationId
       UNION SELECT object_key FROM uploads WHERE file_id = :fileId AND organization_id = :organizationId)
     UNION ALL SELECT object_key, NULL, NULL FROM uploads
       WHERE file_id = :fileId AND organization_id = :organizationId AND object_key GLOB '_incoming/*'`,
    of,
  )
}
