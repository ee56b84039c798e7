import type { Context } from 'hono'
import { failField } from '../../../core/errors'
import { contentDispositionOf, inlineOrAttachment } from '../../../core/files/content-disposition'
import { sanitizeFilename } from '../../../core/files/filename'
import { checkMetadata } from '../../../core/files/metadata'
import { parseJson } from '../../../core/json'
import { requireScope } from '../../../core/organizations/principal'
import { sayValue } from '../../../core/say-value'
import { presignUpload } from '../../../core/uploads/presign-upload'
import type { HttpEnv } from '../../../http/context'
import { declaredContentType } from '../../../http/declared-content-type'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { parseChecksum } from '../checksum'
import { presentPending } from '../presenter'
import { createDirectUploadRequest, sentences } from '../schema'
import { blobFactsOf } from './blob-facts'

/** `POST /api/v1/upload/direct`: 200 with where to PUT the bytes, and with which headers. */
export async function createDirectUploadOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const idempotencyKey = idempotencyKeyOf(c)
  const { blob } = parseFields(createDirectUploadRequest, await readBody(c))
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

  const { file, upload, url, headers, replayed } = await presignUpload(c.var.gateway, {
    file: { organizationId, filename, contentType, metadata, checksum: blob.checksum },
    byteSize: blob.byte_size,
    seal: { ...checksum, writeOnce: true, contentDisposition },
    idempotencyKey,
    operation: 'directUpload.create',
  })
  if (replayed) c.header('Idempotent-Replayed', 'true')
  return c.json(presentPending(file, upload, await blobFactsOf(c, file), { url, headers }))
}

/** FastAPI tells a body that is not there from one that is no JSON. */
async function readBody(c: Context): Promise<unknown> {
  const text = await c.req.text()
  if (text.trim() === '') failField('', sentences.missing)
  try {
    return parseJson(text)
  } catch {
    return failField('', sentences.json_invalid)
  }
}
