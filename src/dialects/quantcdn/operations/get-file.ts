import { getFile, locate, presignDownload } from '../../../core/files/get-file'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentStored } from '../presenter'

export const getFileOperation = operation({
  name: 'getFile',
  method: 'get',
  path: '/:fileId',
  summary: 'A file with a download URL',
  access: 'files:read',
  answers: { 200: 'StoredFile' },
  fails: ['file_not_found', 'file_uploading', 'file_refused', 'store_failed'],
  async handle(c, { organizationId }) {
    const gateway = c.get('gateway')
    const file = await getFile(gateway, organizationId, fileIdOf(c))
    const url = await presignDownload(gateway, file)
    return c.json(presentStored(file, locate(gateway, file), url))
  },
})
