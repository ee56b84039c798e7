import { Hono } from 'hono'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { renderMethodNotAllowed, renderNoRoute, renderProblem } from '../../http/problem-details'
import { bodyUpTo, smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { abortUploadOperation } from './operations/abort-upload'
import { completeUploadOperation } from './operations/complete-upload'
import { createUploadOperation } from './operations/create-upload'
import { getUploadOperation } from './operations/get-upload'
import { listPartsOperation } from './operations/list-parts'
import { signPartsOperation } from './operations/sign-parts'

/** Ten thousand parts with their ETags. */
const completeBodyMaxBytes = 2 * 1024 ** 2

/** The gateway's own upload lifecycle, `/v1/uploads`: for files of any size, whichever dialect began them. */
export function createUploadsDialect(): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  dialect.use(async (c, next) => {
    await authenticateRequest(c, bearerToken(c))
    await next()
  })
  dialect.post('/', smallBody, createUploadOperation)
  dialect.get('/:id', getUploadOperation)
  dialect.delete('/:id', abortUploadOperation)
  dialect.post('/:id/parts', smallBody, signPartsOperation)
  dialect.get('/:id/parts', listPartsOperation)
  dialect.post('/:id/complete', bodyUpTo(completeBodyMaxBytes), completeUploadOperation)
  for (const [path, allow] of [
    ['/', 'POST'],
    ['/:id', 'GET, DELETE'],
    ['/:id/parts', 'GET, POST'],
    ['/:id/complete', 'POST'],
  ] as const)
    dialect.all(path, (c) => renderMethodNotAllowed(c, allow))
  dialect.all('*', renderNoRoute)
  dialect.onError((error, c) => renderProblem(c, failureOf(error, c)))
  return dialect
}
