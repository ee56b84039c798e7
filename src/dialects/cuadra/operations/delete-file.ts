import { deleteFile } from '../../../core/files/delete-file'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

export const deleteFileOperation = operation({
  name: 'deleteFile',
  method: 'delete',
  path: '/:fileId',
  summary: 'Delete a file with its associations',
  access: 'files:write',
  answers: { 204: 'Deleted' },
  fails: ['file_not_found'],
  async handle(c, { organizationId }) {
    await deleteFile(c.get('gateway'), organizationId, fileIdOf(c))
    return c.body(null, 204)
  },
})
