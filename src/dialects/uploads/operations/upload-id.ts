import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import type { FileId } from '../../../core/ids'
import { parseNamedFileId } from '../../../http/file-ids'

/** The file in the path, as any dialect names it: `file_…` or a UUID. What is not an id is a file that is not there. */
export function uploadIdOf(c: Context): FileId {
  const text = c.req.param('id') ?? ''
  return parseNamedFileId(text) ?? fail({ code: 'file_not_found', fileId: text })
}
