import { lookAtAppend } from '../../../core/append/look-at-append'
import { ownerOf } from '../../../core/organizations/principal'
import { operation } from '../../../http/operation'
import { patchedFile } from '../file-id'
import { offsetIn } from '../presenter'

/** Where the next chunk belongs. From then on a request that is still appending to the upload keeps nothing more. */
export const getOffsetOperation = operation({
  name: 'getOffset',
  method: 'head',
  path: '',
  summary: 'How many bytes of an upload there are',
  access: 'files:write or grant',
  query: { patch: [] },
  answers: { 200: 'Offset' },
  fails: ['file_not_found', 'not_appendable', 'upload_over', 'upload_refused', 'store_failed'],
  async handle(c, caller, { query }) {
    const id = patchedFile(query.one('patch'))
    const progress = await lookAtAppend(c.get('gateway'), ownerOf(caller), id)
    return c.body(null, 200, { 'Upload-Offset': String(offsetIn(progress)) })
  },
})
