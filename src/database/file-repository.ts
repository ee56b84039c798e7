import type { FileRepository } from '../core/ports/repositories'
import { readRow, runBatch } from './d1'
import { listFiles } from './file-list'
import { toFileRecord } from './file-records'
import {
  type FileRow,
  fileColumns,
  fileJoins,
  isFile,
  isOfFile,
  type OfFile,
  selectFile,
  selectGrantedFile,
} from './file-rows'
import { type DueRow, dueColumns, toDueObject } from './object-deletions'
import { prepare, type Statement } from './statement'
import { letGoOfContent, letGoOfUploads } from './uploads/end'

export function createFileRepository(db: D1Database): FileRepository {
  return {
    async find(organizationId, fileId, grantId = null) {
      const of = { fileId, organizationId }
      const select = grantId === null ? selectFile(db, of) : selectGrantedFile(db, { ...of, grantId })
      const row = await readRow('files.find', select)
      return row && toFileRecord(row)
    },

    async findPublic(organizationId, fileId) {
      const select: Statement<FileRow> = prepare(
        db,
        `SELECT ${fileColumns} FROM files f ${fileJoins}
         WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-') AND f.is_public = 1`,
        { fileId, organizationId },
      )
      const row = await readRow('files.findPublic', select)
      return row && toFileRecord(row)
    },

    list: (organizationId, selection, page) => listFiles(db, organizationId, selection, page),

    async delete(organizationId, fileId, now) {
      const of = { fileId, organizationId }
      const { due, deleted } = await runBatch(db, 'files.delete', {
        letGoOfContent: letGoOfContent(db, of, now),
        letGoOfUpload: letGoOfUploads(db, [{ organizationId, id: fileId }], now),
        due: selectDue(db, of),
        deleted: deleteFile(db, of),
      })
      const [file] = deleted
      return file ? { due: due.map(toDueObject), wasPublic: file.is_public === 1 } : null
    },
  }
}

/** Triggers take away what goes with the file. */
function deleteFile(db: D1Database, of: OfFile): Statement<Pick<FileRow, 'is_public'>> {
  return prepare(db, `DELETE FROM files WHERE ${isFile} RETURNING is_public`, of)
}

/** What the outbox lists of a file that is about to be deleted, and its incoming key. */
function selectDue(db: D1Database, of: OfFile): Statement<DueRow> {
  return prepare(
    db,
    `SELECT ${dueColumns} FROM object_deletions WHERE object_key IN (
       SELECT c.object_key FROM files f
         JOIN contents c ON c.organization_id = f.organization_id AND c.id = f.content_id
       WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-')
       UNION SELECT object_key FROM uploads WHERE ${isOfFile})
     UNION ALL SELECT object_key, NULL, NULL FROM uploads WHERE ${isOfFile} AND object_key GLOB '_incoming/*'`,
    of,
  )
}
