import { endAppend } from '../../../core/append/end-append'
import { lookAtAppend } from '../../../core/append/look-at-append'
import { ownerOf } from '../../../core/organizations/principal'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

/**
 * The upload is given up. One that is complete stays so: a client that has lost the last answer may cancel what it takes for
 * unfinished, and a file is deleted where files are.
 */
export const cancelUploadOperation = operation({
  name: 'cancelUpload',
  method: 'delete',
  path: '/:id',
  summary: 'Give an upload up',
  access: 'files:write or grant',
  answers: { 204: 'Cancelled' },
  fails: ['file_not_found', 'not_appendable', 'upload_over', 'upload_refused', 'store_failed'],
  async handle(c, caller) {
    const [gateway, owner, id] = [c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id')] as const
    const { status } = await lookAtAppend(gateway, owner, id)
    if (status === 'uploading') await endAppend(gateway, owner, id)
    return c.body(null, 204, { 'Upload-Complete': status === 'ready' ? '?1' : '?0' })
  },
})
