import { endAppend } from '../../../core/append/end-append'
import { ownerOf } from '../../../core/organizations/principal'
import { operation } from '../../../http/operation'
import { readText } from '../../../http/read-json'
import { namedFile } from '../file-id'

/** More than any id has. */
const idMaxBytes = 256

/** The upload is taken back, finished or not. */
export const revertFileOperation = operation({
  name: 'revertFile',
  method: 'delete',
  path: '',
  summary: 'Take an upload back',
  access: 'files:write or grant',
  answers: { 204: 'Reverted' },
  fails: [
    'invalid_request',
    'content_too_large',
    'body_timed_out',
    'file_not_found',
    'not_appendable',
    'upload_over',
    'store_failed',
  ],
  async handle(c, caller) {
    const id = namedFile((await readText(c.req.raw, idMaxBytes)).trim())
    await endAppend(c.get('gateway'), ownerOf(caller), id)
    return c.body(null, 204)
  },
})
