import { revokeApiKey } from '../../../core/organizations/revoke-api-key'
import { operation } from '../../../http/operation'
import { presentApiKey } from '../presenter'

/** The revoked key; a second time the same answer. */
export const revokeApiKeyOperation = operation({
  name: 'revokeApiKey',
  method: 'delete',
  path: '/api-keys/:id',
  summary: 'Revoke an API key',
  access: 'any',
  answers: { 200: 'ApiKey' },
  fails: ['missing_scope', 'api_key_not_found'],
  async handle(c, caller) {
    const gateway = c.get('gateway')
    const credentials = c.get('credentials')
    const key = await revokeApiKey(gateway, credentials, caller, (c.req.param('id') ?? '').toLowerCase())
    return c.json(presentApiKey(key))
  },
})
