import { abortUpload } from '../../../core/uploads/abort-upload'
import { operation } from '../../../http/operation'
import { uploadIdOf } from './upload-id'

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
    await abortUpload(c.var.gateway, organizationId, uploadIdOf(c))
    return c.body(null, 204)
  },
})
