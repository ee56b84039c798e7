import { failField } from '../../../core/errors'
import { contentDispositionOf, inlineOrAttachment } from '../../../core/files/content-disposition'
import { sanitizeFilename } from '../../../core/files/filename'
import { checkMetadata } from '../../../core/files/metadata'
import { ownerOf } from '../../../core/organizations/principal'
import { sayValue } from '../../../core/say-value'
import { presignUpload } from '../../../core/uploads/presign-upload'
import { declaredContentType } from '../../../http/declared-content-type'
import { operation } from '../../../http/operation'
import { parseChecksum } from '../checksum'
import { presentPending } from '../presenter'
import { createDirectUploadRequest } from '../schema'
import { blobFactsOf } from './blob-facts'

export const createDirectUploadOperation = operation({
  name: 'createDirectUpload',
  method: 'post',
  path: '/upload/direct',
  summary: 'Promise a blob: where to PUT its bytes, and with which headers',
  access: 'files:write or grant',
  body: createDirectUploadRequest,
  answers: { 200: 'Blob' },
  marksReplays: true,
  fails: [
    'upload_too_large',
    'checksum_unverifiable',
    'quota_exceeded',
    'too_many_uploads',
    'too_many_files',
    'grant_refuses_type',
    'grant_too_large',
    'grant_used_up',
    'replay_over',
    'store_failed',
  ],
  async handle(c, caller, { body: { blob }, idempotencyKey }) {
    const filename =
      sanitizeFilename(blob.filename) ?? failField('blob.filename', 'must have a character that can be shown')
    const contentType = declaredContentType(blob.content_type, 'blob.content_type')
    const checksum =
      parseChecksum(blob.checksum) ??
      failField(
        'blob.checksum',
        `must be the base64 of an MD5 or SHA-256, or sha256:<base64>, not ${sayValue(blob.checksum)}`,
      )
    const metadata = checkMetadata(blob.metadata ?? {}, 'blob.metadata')
    // Stores that ignore what a download URL asks for answer with this.
    const contentDisposition = contentDispositionOf(inlineOrAttachment(contentType), filename)

    const { file, upload, url, headers, replayed } = await presignUpload(c.get('gateway'), {
      file: { ...ownerOf(caller), filename, contentType, metadata, checksum: blob.checksum },
      byteSize: blob.byte_size,
      seal: { ...checksum, writeOnce: true, contentDisposition },
      idempotencyKey,
      operation: 'directUpload.create',
    })
    if (replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentPending(file, upload, await blobFactsOf(c, file), { url, headers }))
  },
})
