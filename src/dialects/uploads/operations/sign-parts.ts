import type { Context } from 'hono'
import { requireScope } from '../../../core/organizations/principal'
import { signParts } from '../../../core/uploads/sign-parts'
import type { HttpEnv } from '../../../http/context'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { readJson } from '../../../http/read-json'
import { presentSignedPart } from '../presenter'
import { signPartsRequest } from '../schema'
import { uploadIdOf } from './upload-id'

/** `POST /v1/uploads/{id}/parts`: URLs for up to 100 parts, each sealed with its exact length. */
export async function signPartsOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:write')
  const idempotencyKey = idempotencyKeyOf(c)
  const { partNumbers } = parseFields(signPartsRequest, await readJson(c))
  const parts = await signParts(c.var.gateway, organizationId, uploadIdOf(c), partNumbers, idempotencyKey)
  return c.json({ parts: parts.map(presentSignedPart) })
}
