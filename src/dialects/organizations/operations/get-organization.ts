import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { getOrganization } from '../../../core/organizations/get-organization'
import type { HttpEnv } from '../../../http/context'
import { presentOrganization } from '../presenter'

/** `GET /v1/organizations/{id}`: name, quota and usage, for the root key and for the organization itself. */
export async function getOrganizationOperation(c: Context<HttpEnv>): Promise<Response> {
  const text = c.req.param('id') ?? ''
  const id = parseOrganizationId(text) ?? fail({ code: 'organization_not_found', organizationId: text })
  return c.json(presentOrganization(await getOrganization(c.var.gateway, c.var.principal, id)))
}
