import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { problems } from '../../http/problem-details'
import { getOrganizationOperation } from './operations/get-organization'
import { putOrganizationOperation } from './operations/put-organization'

/** The gateway's own endpoints for its operator: `/v1/organizations/{id}`. */
export const organizationsDialect: Dialect = {
  path: '/v1/organizations',
  operations: [getOrganizationOperation, putOrganizationOperation],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  ...problems,
}
