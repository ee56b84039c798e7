import { summaryOf } from '../../../core/files/file-summary'
import { ownerOf } from '../../../core/organizations/principal'
import { completeUpload } from '../../../core/uploads/complete-upload'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentFile } from '../../../http/present-file'
import { completeUploadRequest } from '../schema'

/** The file, once its bytes are there and are what was promised. `parts` are only needed where the store cannot list them. */
export const completeUploadOperation = operation({
  name: 'completeUpload',
  method: 'post',
  path: '/:id/complete',
  summary: 'End an upload: its bytes are verified and its file is ready',
  access: 'files:write or grant',
  body: completeUploadRequest,
  // Ten thousand parts with their ETags.
  bodyMaxBytes: 2 * 1024 ** 2,
  isBodyOptional: true,
  answers: { 200: 'File' },
  fails: [
    'file_not_found',
    'not_arrived',
    'upload_refused',
    'parts_missing',
    'parts_required',
    'parts_refused',
    'upload_over',
    'store_failed',
  ],
  async handle(c, caller, { body, idempotencyKey }) {
    const gateway = c.get('gateway')
    const parts = body.parts ?? null
    const file = await completeUpload(gateway, ownerOf(caller), fileIdOf(c, 'id'), parts, idempotencyKey)
    return c.json(presentFile(summaryOf(file), null))
  },
})
