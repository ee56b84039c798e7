import type { Context } from 'hono'
import { deleteFile } from '../../../core/files/delete-file'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { fileIdOf } from './file-id'

/** `DELETE …/ai/files/{fileId}` */
export async function deleteFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const fileId = fileIdOf(c)
  await deleteFile(c.var.gateway, organizationId, fileId)
  return c.json({ message: 'File deleted', fileId })
}
