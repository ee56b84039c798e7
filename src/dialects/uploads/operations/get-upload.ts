import { ownerOf } from '../../../core/organizations/principal'
import { uploadStatus } from '../../../core/uploads/upload-status'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentStatus } from '../presenter'

/** The state of the file, what is sealed, and which parts the store has. Settles the upload if its bytes have come. */
export const getUploadOperation = operation({
  name: 'getUpload',
  method: 'get',
  path: '/:id',
  summary: 'How an upload stands: its status, what is sealed, and the parts that the store has',
  access: 'files:read or grant',
  answers: { 200: 'Upload' },
  fails: ['file_not_found', 'store_failed'],
  async handle(c, caller) {
    return c.json(presentStatus(await uploadStatus(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))))
  },
})
