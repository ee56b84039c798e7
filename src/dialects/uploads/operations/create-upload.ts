import type { Context } from 'hono'
import { failField } from '../../../core/errors'
import { sanitizeFilename } from '../../../core/files/filename'
import { checkMetadata } from '../../../core/files/metadata'
import type { Md5, Sha256 } from '../../../core/ids'
import { requireScope } from '../../../core/organizations/principal'
import { createUpload } from '../../../core/uploads/create-upload'
import type { HttpEnv } from '../../../http/context'
import { declaredContentType } from '../../../http/declared-content-type'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { readJson } from '../../../http/read-json'
import { presentCreated } from '../presenter'
import { createUploadRequest } from '../schema'

/**
 * `POST /v1/uploads`: 201 with where to PUT the bytes, in one piece or in parts; 200 when the organization has
 * bytes of that SHA-256 already and there is nothing to send.
 */
export async function createUploadOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const idempotencyKey = idempotencyKeyOf(c)
  const request = parseFields(createUploadRequest, await readJson(c))
  const { sha256, md5 } = request
  const created = await createUpload(c.var.gateway, {
    file: {
      organizationId,
      filename: sanitizeFilename(request.filename) ?? failField('filename', 'has no visible character'),
      contentType: declaredContentType(request.contentType, 'contentType'),
      metadata: checkMetadata(request.metadata ?? {}, 'metadata'),
    },
    byteSize: request.size,
    sha256: sha256 ? (sha256.toLowerCase() as Sha256) : null,
    md5: md5 ? (Uint8Array.fromBase64(md5).toHex() as Md5) : null,
    wantsParts: request.multipart ?? false,
    partBytes: request.partSize ?? null,
    idempotencyKey,
    operation: 'uploads.create',
  })
  if (created.replayed) c.header('Idempotent-Replayed', 'true')
  return c.json(presentCreated(created), created.kind === 'known' ? 200 : 201)
}
