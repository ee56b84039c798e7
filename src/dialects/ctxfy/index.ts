import { Hono } from 'hono'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { renderFailure } from './errors'
import { createApiKeyOperation } from './operations/create-api-key'

/** Ctxfy's API: so far its API keys. */
export function createCtxfyDialect(): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  dialect.use('/api-keys', async (c, next) => {
    await authenticateRequest(c, bearerToken(c))
    await next()
  })
  dialect.post('/api-keys', smallBody, createApiKeyOperation)
  dialect.onError((error, c) => renderFailure(c, failureOf(error, c)))
  return dialect
}
