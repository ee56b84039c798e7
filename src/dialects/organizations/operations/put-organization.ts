import type { Context } from 'hono'
import { failField } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { requireRoot } from '../../../core/organizations/principal'
import { putOrganization } from '../../../core/organizations/put-organization'
import { sayValue } from '../../../core/say-value'
import type { HttpEnv } from '../../../http/context'
import { parseFields } from '../../../http/parse-fields'
import { readJson } from '../../../http/read-json'
import { presentOrganization } from '../presenter'
import { putOrganizationRequest } from '../schema'

/** `PUT /v1/organizations/{id}`, root key only: 201 when it made the organization, 200 when it changed it. */
export async function putOrganizationOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway, principal } = c.var
  requireRoot(principal)
  const text = c.req.param('id') ?? ''
  const id = parseOrganizationId(text)
  if (id === null) failField('id', `must be 1 to 63 of a-z, 0-9 and -, not ${sayValue(text)}`)
  const { name, quotaBytes } = parseFields(putOrganizationRequest, await readJson(c))
  const { organization, created } = await putOrganization(gateway, principal, {
    id,
    name,
    quotaBytes: quotaBytes ?? null,
  })
  return c.json(presentOrganization(organization), created ? 201 : 200)
}
