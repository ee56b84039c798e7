import { failField } from '../../../core/errors'
import { sanitizeFilename } from '../../../core/files/filename'
import { checkMetadata } from '../../../core/files/metadata'
import type { Md5, Sha256 } from '../../../core/ids'
import { ownerOf } from '../../../core/organizations/principal'
import { createUpload } from '../../../core/uploads/create-upload'
import { declaredContentType } from '../../../http/declared-content-type'
import { operation } from '../../../http/operation'
import { presentCreated } from '../presenter'
import { createUploadRequest } from '../schema'

/**
 * 201 with where to PUT the bytes, in one piece or in parts; 200 when the organization has bytes of that SHA-256
 * already and there is nothing to send.
 */
export const createUploadOperation = operation({
  name: 'createUpload',
  method: 'post',
  path: '',
  summary: 'Begin an upload: one URL to PUT the bytes to, or one for each part',
  access: 'files:write or grant',
  body: createUploadRequest,
  answers: { 200: 'Known', 201: 'Created' },
  marksReplays: true,
  fails: [
    'upload_too_large',
    'part_size_out_of_bounds',
    'part_size_too_small',
    'part_size_without_parts',
    'checksum_unverifiable',
    'known_size_mismatch',
    'type_mismatch',
    'quota_exceeded',
    'too_many_uploads',
    'too_many_files',
    'grant_refuses_type',
    'grant_too_large',
    'grant_used_up',
    'replay_over',
    'upload_superseded',
    'store_failed',
  ],
  async handle(c, caller, { body, idempotencyKey }) {
    const { sha256, md5 } = body
    const created = await createUpload(c.get('gateway'), {
      file: {
        ...ownerOf(caller),
        filename: sanitizeFilename(body.filename) ?? failField('filename', 'has no visible character'),
        contentType: declaredContentType(body.contentType, 'contentType'),
        metadata: checkMetadata(body.metadata ?? {}, 'metadata'),
      },
      byteSize: body.size,
      sha256: sha256 ? (sha256.toLowerCase() as Sha256) : null,
      md5: md5 ? (Uint8Array.fromBase64(md5).toHex() as Md5) : null,
      wantsParts: body.multipart ?? false,
      partBytes: body.partSize ?? null,
      idempotencyKey,
      operation: 'uploads.create',
    })
    if (created.replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentCreated(created), created.kind === 'known' ? 200 : 201)
  },
})
