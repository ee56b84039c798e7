import type { Context } from 'hono'
import { requireScope } from '../../../core/organizations/principal'
import { abortUpload } from '../../../core/uploads/abort-upload'
import type { HttpEnv } from '../../../http/context'
import { uploadIdOf } from './upload-id'

/** `DELETE /v1/uploads/{id}`: 204, however often; 409 when the file is ready. */
export async function abortUploadOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  await abortUpload(c.var.gateway, organizationId, uploadIdOf(c))
  return c.body(null, 204)
}
