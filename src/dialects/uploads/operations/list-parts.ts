import type { Context } from 'hono'
import { requireScope } from '../../../core/organizations/principal'
import { listParts } from '../../../core/uploads/sign-parts'
import type { HttpEnv } from '../../../http/context'
import { presentPart } from '../presenter'
import { uploadIdOf } from './upload-id'

/** `GET /v1/uploads/{id}/parts`: the parts that the store has, for resuming; 501 where it cannot say. */
export async function listPartsOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const parts = await listParts(c.var.gateway, organizationId, uploadIdOf(c))
  return c.json({ parts: parts.map(presentPart) })
}
