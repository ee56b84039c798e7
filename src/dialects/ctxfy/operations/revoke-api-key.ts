import type { Context } from 'hono'
import { revokeApiKey } from '../../../core/organizations/revoke-api-key'
import type { HttpEnv } from '../../../http/context'
import { presentApiKey } from '../presenter'

/** `DELETE /v1/api-keys/{id}`: the revoked key; a second time the same answer. */
export async function revokeApiKeyOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway, credentials, principal } = c.var
  const key = await revokeApiKey(gateway, credentials, principal, (c.req.param('id') ?? '').toLowerCase())
  return c.json(presentApiKey(key))
}
