import { ownerOf } from '../../../core/organizations/principal'
import { abortUpload } from '../../../core/uploads/abort-upload'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

/** 204, however often; 409 when the file is ready. */
export const abortUploadOperation = operation({
  name: 'abortUpload',
  method: 'delete',
  path: '/:id',
  summary: 'Give an upload up: its bytes are deleted and what it reserved is free',
  access: 'files:write or grant',
  answers: { 204: 'Aborted' },
  fails: ['file_not_found', 'upload_over'],
  async handle(c, caller) {
    await abortUpload(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))
    return c.body(null, 204)
  },
})
