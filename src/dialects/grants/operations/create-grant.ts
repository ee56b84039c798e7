import { failField } from '../../../core/errors'
import { createGrant } from '../../../core/grants/create-grant'
import { grantTermsMaxBytes } from '../../../core/grants/grant-token'
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
    const { expiresIn: expiresInSeconds, ...terms } = body
    const { contentTypes, metadata, origins } = terms
    const texts = new TextEncoder().encode(JSON.stringify([contentTypes, metadata, origins]))
    // Before the idempotency key is taken: what is refused leaves nothing behind.
    if (texts.length > grantTermsMaxBytes)
      failField('', `contentTypes, metadata and origins must be at most ${grantTermsMaxBytes} bytes together`)
    const input = { organizationId, ...terms, expiresInSeconds, idempotencyKey }
    const created = await createGrant(c.get('gateway'), input)
    if (created.replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentCreated(created, c.get('gatewayUrl')), 201)
  },
})
