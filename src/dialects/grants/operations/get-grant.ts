import { getGrant } from '../../../core/grants/look-at-grants'
import { operation } from '../../../http/operation'
import { grantIdOf } from '../grant-ids'
import { presentUseWithFiles } from '../presenter'

export const getGrantOperation = operation({
  name: 'getGrant',
  method: 'get',
  path: '/:id',
  summary: 'What has become of a grant that was used or revoked',
  access: 'files:read',
  answers: { 200: 'GrantWithFiles' },
  fails: ['grant_not_found'],
  async handle(c, { organizationId }) {
    return c.json(presentUseWithFiles(await getGrant(c.get('gateway'), organizationId, grantIdOf(c))))
  },
})
