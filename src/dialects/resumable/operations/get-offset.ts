import { lookAtAppend } from '../../../core/append/look-at-append'
import { ownerOf } from '../../../core/organizations/principal'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { stateHeaders } from '../presenter'

/** Where the next bytes belong. From then on a request that is still appending to the upload keeps nothing more. */
export const getOffsetOperation = operation({
  name: 'getOffset',
  method: 'get',
  path: '/:id',
  summary: 'How many bytes of an upload there are',
  access: 'files:write or grant',
  headers: ['Want-Repr-Digest'],
  answers: { 204: 'State' },
  fails: ['file_not_found', 'not_appendable', 'upload_over', 'upload_refused', 'store_failed'],
  async handle(c, caller) {
    const progress = await lookAtAppend(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))
    const length =
      progress.status === 'ready' ? progress.file.content.byteSize : progress.file.upload.byteSize
    return c.body(null, 204, {
      'Cache-Control': 'no-store',
      ...stateHeaders(c, progress),
      ...(length === null ? {} : { 'Upload-Length': String(length) }),
    })
  },
})
