import { Hono } from 'hono'
import { authenticateRequest } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { credentialOf } from './credentials'
import { renderFailure, renderNoRoute, renderWrongMethod } from './errors'
import { createDirectUploadOperation } from './operations/create-direct-upload'
import { downloadBlobOperation } from './operations/download-blob'
import { getBlobOperation } from './operations/get-blob'

/** Direct Upload in the shape of Rails' Active Storage, below `/api/v1`. */
export function createDirectUploadDialect(): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  // `/*` also matches the path before it.
  for (const path of ['/upload/direct/*', '/blobs/*'])
    dialect.use(path, async (c, next) => {
      await authenticateRequest(c, credentialOf(c))
      await next()
    })
  dialect.post('/upload/direct', smallBody, createDirectUploadOperation)
  dialect.get('/upload/direct/:signedId', getBlobOperation)
  dialect.get('/blobs/:signedId/:filename', downloadBlobOperation)
  dialect.all('/upload/direct', (c) => renderWrongMethod(c, 'POST'))
  dialect.all('/upload/direct/:signedId', (c) => renderWrongMethod(c, 'GET'))
  dialect.all('/blobs/:signedId/:filename', (c) => renderWrongMethod(c, 'GET'))
  dialect.all('*', renderNoRoute)
  dialect.onError((error, c) => renderFailure(c, failureOf(error, c)))
  return dialect
}
