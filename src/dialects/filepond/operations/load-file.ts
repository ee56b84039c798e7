import { fail, failField } from '../../../core/errors'
import { isStored } from '../../../core/files/file-record'
import { lookUpFile } from '../../../core/files/get-file'
import { ownerOf } from '../../../core/organizations/principal'
import { operation } from '../../../http/operation'
import { serveContent } from '../../../http/serve-content'
import { namedFile } from '../file-id'

/** What the widget can ask for besides; none of it is a file that was uploaded. */
const notOffered = {
  restore: 'Uploads that the form was not sent with are not restored: load them',
  fetch: 'Files are not fetched from other servers',
  remove: 'Files are removed by DELETE with their id as the body',
} as const

/** The bytes of a file, for a widget that shows what was uploaded before. */
export const loadFileOperation = operation({
  name: 'loadFile',
  method: 'get',
  path: '',
  summary: 'The bytes of a file',
  access: 'files:read or grant',
  query: { load: [], restore: [], fetch: [], remove: [] },
  answers: {
    200: 'Content',
    206: 'Part',
    304: 'NotModified',
    416: 'NoSuchRange',
    501: 'NotOffered',
  },
  fails: ['file_not_found', 'file_uploading', 'file_refused', 'precondition_failed', 'store_failed'],
  async handle(c, caller, { query }) {
    for (const [name, sentence] of Object.entries(notOffered))
      if (query.one(name as keyof typeof notOffered) !== undefined) return c.text(sentence, 501)
    const id = namedFile(query.one('load') ?? failField('load', 'is required'))
    const file = await lookUpFile(c.get('gateway'), ownerOf(caller), id)
    if (!isStored(file)) fail({ code: 'file_uploading', fileId: id })
    return serveContent(c, file, { cacheControl: 'private, no-store' })
  },
})
