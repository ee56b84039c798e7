import type { Context } from 'hono'
import { isStored } from '../../../core/files/file-record'
import { lookUpFile } from '../../../core/files/get-file'
import { hasScope, requireScope } from '../../../core/organizations/principal'
import { presignAgain } from '../../../core/uploads/presign-upload'
import type { HttpEnv } from '../../../http/context'
import { presentBlob } from '../presenter'
import { blobFactsOf, signedFileIdOf } from './blob-facts'

/**
 * `GET /api/v1/upload/direct/{signed_id}`: the blob; while its bytes are awaited with a fresh URL to PUT them
 * to. A credential that may only read gets none: with it, it could write.
 */
export async function getBlobOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway, principal } = c.var
  const { organizationId } = requireScope(principal, 'files:read')
  const file = await lookUpFile(gateway, organizationId, await signedFileIdOf(c, organizationId))
  const mayPut = !isStored(file) && hasScope(principal, 'files:write')
  const put = mayPut ? await presignAgain(gateway, file) : null
  return c.json(presentBlob(file, await blobFactsOf(c, file), put))
}
