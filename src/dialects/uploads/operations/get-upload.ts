import type { Context } from 'hono'
import { requireScope } from '../../../core/organizations/principal'
import { uploadStatus } from '../../../core/uploads/upload-status'
import type { HttpEnv } from '../../../http/context'
import { presentStatus } from '../presenter'
import { uploadIdOf } from './upload-id'

/** `GET /v1/uploads/{id}`: the state of the file, what is sealed, and which parts the store has. */
export async function getUploadOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  return c.json(presentStatus(await uploadStatus(c.var.gateway, organizationId, uploadIdOf(c))))
}
