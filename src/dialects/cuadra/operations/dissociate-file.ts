import type { Context } from 'hono'
import { dissociateFile } from '../../../core/associations/associate-file'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { failField } from '../../../core/errors'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { isWellEncoded } from '../../../http/routed-path'
import { fileIdOf } from './file-id'

/** `DELETE /v1/files/{id}/associations/{resourceType}/{resourceId}`: 204 also where there was none. */
export async function dissociateFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const fileId = fileIdOf(c)
  if (!isWellEncoded(c.req.url)) failField('resourceId', 'must be UTF-8, percent-encoded')
  const resource = {
    type: parseResourceType(c.req.param('resourceType') ?? '', 'resourceType'),
    id: parseResourceId(c.req.param('resourceId') ?? '', 'resourceId'),
  }
  await dissociateFile(c.var.gateway, organizationId, fileId, resource)
  return c.body(null, 204)
}
