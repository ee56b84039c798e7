import { deleteFile } from '../../../core/files/delete-file'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

export const deleteFileOperation = operation({
  name: 'deleteFile',
  method: 'delete',
  path: '/:fileId',
  summary: 'Delete a file',
  access: 'files:write',
  answers: { 200: 'Deleted' },
  fails: ['file_not_found'],
  async handle(c, { organizationId }) {
    const fileId = fileIdOf(c)
    await deleteFile(c.get('gateway'), organizationId, fileId)
    return c.json({ message: 'File deleted', fileId })
  },
})
