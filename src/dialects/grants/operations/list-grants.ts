import { failField } from '../../../core/errors'
import { listGrants } from '../../../core/grants/look-at-grants'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { pageParameters, parseLimit } from '../../../http/page-parameters'
import { formatGrantId, parseGrantId } from '../grant-ids'
import { presentUse } from '../presenter'

export const listGrantsOperation = operation({
  name: 'listGrants',
  method: 'get',
  path: '',
  summary: 'The grants that were used or revoked, newest first',
  access: 'files:read',
  query: pageParameters,
  answers: { 200: 'Grants' },
  async handle(c, { organizationId }, { query }) {
    const cursor = query.one('cursor')
    const before = cursor ? parseGrantId(cursor) : null
    if (cursor && before === null)
      failField('cursor', `must be the nextCursor of an earlier answer, not ${sayValue(cursor)}`)
    const limit = parseLimit(query.one('limit'), { fallback: 50, max: 100 })
    const { grants, next } = await listGrants(c.get('gateway'), organizationId, { before, limit })
    return c.json({
      grants: grants.map(presentUse),
      hasMore: next !== null,
      nextCursor: next && formatGrantId(next),
    })
  },
})
