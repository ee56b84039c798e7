import type { Context } from 'hono'
import { associateFile } from '../../../core/associations/associate-file'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { presentAssociation } from '../../../http/present-file'
import { readJson } from '../../../http/read-json'
import { associationRequest } from '../schema'
import { fileIdOf } from './file-id'

/** `POST /v1/files/{id}/associations`: 201 also where the association was there. */
export async function associateFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const idempotencyKey = idempotencyKeyOf(c)
  const id = fileIdOf(c)
  const { resourceType, resourceId } = parseFields(associationRequest, await readJson(c))
  const resource = {
    type: parseResourceType(resourceType, 'resourceType'),
    id: parseResourceId(resourceId, 'resourceId'),
  }
  const file = { organizationId, id }
  const { association, replayed } = await associateFile(c.var.gateway, file, resource, idempotencyKey)
  if (replayed) c.header('Idempotent-Replayed', 'true')
  return c.json(presentAssociation(association), 201)
}
