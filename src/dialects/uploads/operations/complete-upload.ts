import type { Context } from 'hono'
import { requireScope } from '../../../core/organizations/principal'
import { completeUpload } from '../../../core/uploads/complete-upload'
import type { HttpEnv } from '../../../http/context'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { presentFile } from '../../../http/present-file'
import { readOptionalJson } from '../../../http/read-json'
import { completeUploadRequest } from '../schema'
import { uploadIdOf } from './upload-id'

/**
 * `POST /v1/uploads/{id}/complete`: the file, once its bytes are there and are what was promised. `parts` are
 * only needed where the store cannot list them.
 */
export async function completeUploadOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const idempotencyKey = idempotencyKeyOf(c)
  const { parts } = parseFields(completeUploadRequest, (await readOptionalJson(c)) ?? {})
  const file = await completeUpload(
    c.var.gateway,
    organizationId,
    uploadIdOf(c),
    parts ?? null,
    idempotencyKey,
  )
  return c.json(presentFile(file, null))
}
