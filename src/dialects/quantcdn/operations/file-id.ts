import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import type { FileId } from '../../../core/ids'
import { parseNamedFileId } from '../../../http/file-ids'

/** The file in the path. What is not an id is a file that does not exist: the public API knows no 400 here. */
export function fileIdOf(c: Context): FileId {
  const text = c.req.param('fileId') ?? ''
  return parseNamedFileId(text) ?? fail({ code: 'file_not_found', fileId: text })
}
