import type { Context } from 'hono'
import { getFile, presignDownload } from '../../../core/files/get-file'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { presentStored } from '../presenter'
import { fileIdOf } from './file-id'

/** `GET …/ai/files/{fileId}`: the file with a download URL. */
export async function getFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway } = c.var
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const file = await getFile(gateway, organizationId, fileIdOf(c))
  const url = await presignDownload(gateway, file)
  return c.json(presentStored(file, gateway.presigner.uri(file.content.objectKey), url))
}
