import type { Handler } from 'hono'
import { failField } from '../../../core/errors'
import { sanitizeFilename } from '../../../core/files/filename'
import { requireScope } from '../../../core/organizations/principal'
import { presignUpload } from '../../../core/uploads/presign-upload'
import type { HttpEnv } from '../../../http/context'
import { declaredContentType } from '../../../http/declared-content-type'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { readJson } from '../../../http/read-json'
import { presentUpload } from '../presenter'
import { uploadRequest } from '../schema'

/** `POST /v1/upload/s3`: a URL to PUT the bytes to, and the one under which everyone can read them then. */
export function createUploadOperation(publicBaseUrl: string | null): Handler<HttpEnv> {
  return async (c) => {
    const { organizationId } = requireScope(c.var.principal, 'files:write')
    const idempotencyKey = idempotencyKeyOf(c)
    const request = parseFields(uploadRequest, await readJson(c))
    const presigned = await presignUpload(c.var.gateway, {
      file: {
        organizationId,
        filename: sanitizeFilename(request.filename) ?? failField('filename', 'has no visible character'),
        contentType: declaredContentType(request.contentType, 'contentType'),
        metadata: {},
        isPublic: true,
      },
      byteSize: request.size,
      idempotencyKey,
      operation: 'ctxfy.createUpload',
    })
    if (presigned.replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentUpload(presigned, publicBaseUrl ?? `${c.var.gatewayUrl}/public`))
  }
}
