import { failField } from '../../../core/errors'
import { sanitizeFilename } from '../../../core/files/filename'
import { ownerOf } from '../../../core/organizations/principal'
import { presignUpload } from '../../../core/uploads/presign-upload'
import { declaredContentType } from '../../../http/declared-content-type'
import { operation } from '../../../http/operation'
import { presentUpload } from '../presenter'
import { publicFilesUrl } from '../public-files-path'
import { uploadRequest } from '../schema'

/** Files are public: below `publicBaseUrl`, or below the gateway's own `/public` where that is null. */
export const createUploadOperation = (publicBaseUrl: string | null) =>
  operation({
    name: 'createUpload',
    method: 'post',
    path: '/upload/s3',
    summary: 'A URL to PUT the bytes to, and the one under which everyone can read them then',
    access: 'files:write or grant',
    body: uploadRequest,
    answers: { 200: 'Upload' },
    marksReplays: true,
    fails: [
      'upload_too_large',
      'quota_exceeded',
      'too_many_uploads',
      'too_many_files',
      'grant_refuses_type',
      'grant_too_large',
      'grant_used_up',
      'replay_over',
    ],
    async handle(c, caller, { body, idempotencyKey }) {
      const presigned = await presignUpload(c.get('gateway'), {
        file: {
          ...ownerOf(caller),
          filename: sanitizeFilename(body.filename) ?? failField('filename', 'has no visible character'),
          contentType: declaredContentType(body.contentType, 'contentType'),
          metadata: {},
          isPublic: true,
        },
        byteSize: body.size,
        idempotencyKey,
        operation: 'ctxfy.createUpload',
      })
      if (presigned.replayed) c.header('Idempotent-Replayed', 'true')
      return c.json(presentUpload(presigned, publicBaseUrl ?? publicFilesUrl(c)))
    },
  })
