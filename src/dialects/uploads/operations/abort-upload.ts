import { abortUpload } from '../../../core/uploads/abort-upload'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

/** 204, however often; 409 when the file is ready. */
export const abortUploadOperation = operation({
  name: 'abortUpload',
  method: 'delete',
  path: '/:id',
  summary: 'Give an upload up: its bytes are deleted and what it reserved is free',
  access: 'files:write',
  answers: { 204: 'Aborted' },
  fails: ['file_not_found', 'upload_over'],
  async handle(c, { organizationId }) {
    await abortUpload(c.get('gateway'), organizationId, fileIdOf(c, 'id'))
    return c.body(null, 204)
  },
})
