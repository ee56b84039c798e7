import type { Context } from 'hono'
import { deleteFile } from '../../../core/files/delete-file'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { fileIdOf } from './file-id'

/** `DELETE /v1/files/{id}`, with its associations. */
export async function deleteFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  await deleteFile(c.var.gateway, organizationId, fileIdOf(c))
  return c.body(null, 204)
}
