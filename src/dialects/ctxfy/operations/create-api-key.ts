import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { createApiKey } from '../../../core/organizations/create-api-key'
import type { HttpEnv } from '../../../http/context'
import { idempotencyKeyOf } from '../../../http/idempotency-key'
import { parseFields } from '../../../http/parse-fields'
import { readJson } from '../../../http/read-json'
import { presentApiKey } from '../presenter'
import { createApiKeyRequest } from '../schema'

/** `POST /v1/api-keys`: 201 with the key, whose `api_key` is shown this once. */
export async function createApiKeyOperation(c: Context<HttpEnv>): Promise<Response> {
  const request = parseFields(createApiKeyRequest, await readJson(c))
  const { organization } = request
  const created = await createApiKey(c.var.gateway, c.var.principal, {
    name: request.name ?? null,
    scopes: request.scopes ?? null,
    expiresAt: request.expiration_date == null ? null : Date.parse(request.expiration_date),
    organizationId:
      organization == null
        ? null
        : (parseOrganizationId(organization) ??
          fail({ code: 'organization_not_found', organizationId: organization })),
    idempotencyKey: idempotencyKeyOf(c),
  })
  if (created.replayed) c.header('Idempotent-Replayed', 'true')
  return c.json({ ...presentApiKey(created.key), api_key: created.token }, 201)
}
