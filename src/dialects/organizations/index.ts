import { Hono } from 'hono'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { renderMethodNotAllowed, renderNoRoute, renderProblem } from '../../http/problem-details'
import { smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { getOrganizationOperation } from './operations/get-organization'
import { putOrganizationOperation } from './operations/put-organization'

/** The gateway's own endpoints for its operator: `/v1/organizations/{id}`. */
export function createOrganizationsDialect(): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  dialect.use(async (c, next) => {
    await authenticateRequest(c, bearerToken(c))
    await next()
  })
  dialect.put('/:id', smallBody, putOrganizationOperation)
  dialect.get('/:id', getOrganizationOperation)
  dialect.all('/:id', (c) => renderMethodNotAllowed(c, 'GET, PUT'))
  dialect.all('*', renderNoRoute)
  dialect.onError((error, c) => renderProblem(c, failureOf(error, c)))
  return dialect
}
