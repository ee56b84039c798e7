import type { FileRepository } from '../core/ports/repositories'
import { readRow, runBatch } from './d1'
import { listFiles } from './file-list'
import { toFileRecord } from './file-records'
import { type FileRow, fileColumns, fileJoins, type OfFile, selectFile } from './file-rows'
import { deleteTerms } from './metadata-terms'
import { type DueRow, dueColumns, toDueObject } from './object-deletions'
import { prepare, type Statement } from './statement'
import { deleteLastContent, letGoOfContent, letGoOfUploads } from './uploads/end'

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
