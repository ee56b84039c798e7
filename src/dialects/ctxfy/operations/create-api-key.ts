import { fail } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { createApiKey } from '../../../core/organizations/create-api-key'
import { operation } from '../../../http/operation'
import { presentNewApiKey } from '../presenter'
import { createApiKeyRequest } from '../schema'

export const createApiKeyOperation = operation({
  name: 'createApiKey',
  method: 'post',
  path: '/api-keys',
  summary: 'Make an API key, whose secret is shown this once',
  access: 'any',
  body: createApiKeyRequest,
  answers: { 201: 'NewApiKey' },
  marksReplays: true,
  fails: [
    'missing_scope',
    'wrong_organization',
    'organization_unnamed',
    'organization_not_found',
    'scope_not_grantable',
    'expiry_not_grantable',
    'expiry_in_past',
    'too_many_api_keys',
  ],
  async handle(c, caller, { body, idempotencyKey }) {
    const { organization } = body
    const created = await createApiKey(c.get('gateway'), caller, {
      name: body.name ?? null,
      scopes: body.scopes ?? null,
      expiresAt: body.expiration_date == null ? null : Date.parse(body.expiration_date),
      organizationId:
        organization == null
          ? null
          : (parseOrganizationId(organization) ??
            fail({ code: 'organization_not_found', organizationId: organization })),
      idempotencyKey,
    })
    if (created.replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentNewApiKey(created.key, created.token), 201)
  },
})
