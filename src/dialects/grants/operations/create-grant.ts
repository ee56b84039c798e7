import { failField } from '../../../core/errors'
import { createGrant } from '../../../core/grants/create-grant'
import { grantTokenMaxLength } from '../../../core/grants/grant-token'
import { operation } from '../../../http/operation'
import { presentCreated } from '../presenter'
import { createGrantRequest } from '../schema'

/** Nothing is written, so that a page can make one per view. */
export const createGrantOperation = operation({
  name: 'createGrant',
  method: 'post',
  path: '',
  summary: 'Grant the right to upload so much, of these types, until then',
  access: 'files:write',
  body: createGrantRequest,
  answers: { 201: 'Created' },
  marksReplays: true,
  fails: ['invalid_request', 'wrong_organization', 'database_failed'],
  async handle(c, { organizationId }, { body, idempotencyKey }) {
    const created = await createGrant(c.get('gateway'), {
      organizationId,
      maxBytes: body.maxBytes,
      maxFiles: body.maxFiles,
      contentTypes: body.contentTypes,
      metadata: body.metadata,
      origins: body.origins,
      expiresInSeconds: body.expiresIn,
      idempotencyKey,
    })
    if (created.token.length > grantTokenMaxLength)
      failField('', 'contentTypes, metadata and origins are too long together for a token')
    if (created.replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentCreated(created, c.get('gatewayUrl')), 201)
  },
})
