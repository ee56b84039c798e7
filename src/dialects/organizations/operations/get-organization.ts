import { fail } from '../../../core/errors'
import { parseOrganizationId } from '../../../core/ids'
import { getOrganization } from '../../../core/organizations/get-organization'
import { operation } from '../../../http/operation'
import { presentOrganization } from '../presenter'

/** For the root key, and for the organization itself. */
export const getOrganizationOperation = operation({
  name: 'getOrganization',
  method: 'get',
  path: '/:id',
  summary: 'Name, quota and usage of an organization',
  access: 'any',
  answers: { 200: 'Organization' },
  fails: ['organization_not_found', 'wrong_organization'],
  async handle(c, caller) {
    const text = c.req.param('id') ?? ''
    const id = parseOrganizationId(text) ?? fail({ code: 'organization_not_found', organizationId: text })
    const gateway = c.get('gateway')
    return c.json(presentOrganization(await getOrganization(gateway, caller, id), gateway.limits))
  },
})
