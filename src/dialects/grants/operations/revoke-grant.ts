import { revokeGrant } from '../../../core/grants/revoke-grant'
import { operation } from '../../../http/operation'
import { grantIdOf } from '../grant-ids'

/** 204 for every id that a grant can have, used or not, however often. */
export const revokeGrantOperation = operation({
  name: 'revokeGrant',
  method: 'delete',
  path: '/:id',
  summary: 'Revoke a grant: no upload begins under it any more',
  access: 'files:write',
  answers: { 204: 'Revoked' },
  fails: ['grant_not_found'],
  async handle(c, { organizationId }) {
    await revokeGrant(c.get('gateway'), c.get('credentials'), organizationId, grantIdOf(c))
    return c.body(null, 204)
  },
})
