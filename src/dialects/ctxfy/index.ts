import { Hono } from 'hono'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { renderFailure, renderMethodNotAllowed, renderNoRoute } from './errors'
import { createApiKeyOperation } from './operations/create-api-key'
import { createUploadOperation } from './operations/create-upload'
import { listApiKeysOperation } from './operations/list-api-keys'
import { revokeApiKeyOperation } from './operations/revoke-api-key'

/**
 * Ctxfy's API: presigned uploads of public files, and API keys. `publicBaseUrl` is where the bucket itself
 * is public; null when the Worker is to serve the files (see `public-files.ts`).
 */
export function createCtxfyDialect(publicBaseUrl: string | null): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  // `/*` also matches the path before it.
  for (const path of ['/upload/*', '/api-keys/*'])
    dialect.use(path, async (c, next) => {
      await authenticateRequest(c, bearerToken(c))
      await next()
    })
  dialect.post('/upload/s3', smallBody, createUploadOperation(publicBaseUrl))
  dialect.post('/api-keys', smallBody, createApiKeyOperation)
  dialect.get('/api-keys', listApiKeysOperation)
  dialect.delete('/api-keys/:id', revokeApiKeyOperation)
  for (const [path, allow] of [
    ['/upload/s3', 'POST'],
    ['/api-keys', 'GET, POST'],
    ['/api-keys/:id', 'DELETE'],
  ] as const)
    dialect.all(path, (c) => renderMethodNotAllowed(c, allow))
  for (const path of ['/upload/*', '/api-keys/*']) dialect.all(path, renderNoRoute)
  dialect.onError((error, c) => renderFailure(c, failureOf(error, c)))
  return dialect
}
