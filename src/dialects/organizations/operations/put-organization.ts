import { failField } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { putOrganization } from '../../../core/organizations/put-organization'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { presentOrganization } from '../presenter'
import { putOrganizationRequest } from '../schema'

/** 201 when it made the organization, 200 when it changed it. */
export const putOrganizationOperation = operation({
  name: 'putOrganization',
  method: 'put',
  path: '/:id',
  summary: 'Make an organization, or change its name and quota',
  access: 'root',
  body: putOrganizationRequest,
  answers: { 200: 'Organization', 201: 'Organization' },
  fails: ['quota_below_usage'],
  async handle(c, caller, { body }) {
    const text = c.req.param('id') ?? ''
    const id = parseOrganizationId(text)
    if (id === null) failField('id', `must be 1 to 63 of a-z, 0-9 and -, not ${sayValue(text)}`)
    const { name, quotaBytes } = body
    const gateway = c.get('gateway')
    const { organization, created } = await putOrganization(gateway, caller, {
      id,
      name,
      quotaBytes: quotaBytes ?? null,
    })
    return c.json(presentOrganization(organization, gateway.limits), created ? 201 : 200)
  },
})
