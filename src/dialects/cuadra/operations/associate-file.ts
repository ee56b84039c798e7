import type { Context } from 'hono'
import { associateFile } from '../../../core/associations/associate-file'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { parseFields } from '../../../http/parse-fields'
import { presentAssociation } from '../../../http/present-file'
import { readJson } from '../../../http/read-json'
import { associationRequest } from '../schema'
import { fileIdOf } from './file-id'

/** `POST /v1/files/{id}/associations`: 201 also where the association was there. */
export async function associateFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const fileId = fileIdOf(c)
  const { resourceType, resourceId } = parseFields(associationRequest, await readJson(c))
  const resource = {
    type: parseResourceType(resourceType, 'resourceType'),
    id: parseResourceId(resourceId, 'resourceId'),
  }
  const association = await associateFile(c.var.gateway, organizationId, fileId, resource)
  return c.json(presentAssociation(association), 201)
}
