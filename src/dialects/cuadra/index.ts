import { Hono } from 'hono'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { renderMethodNotAllowed, renderNoRoute, renderProblem } from '../../http/problem-details'
import { smallBody } from '../../http/read-json'
import { failureOf } from '../../http/render-failure'
import { acceptedTypes } from './accepted-types'
import { associateFileOperation } from './operations/associate-file'
import { deleteFileOperation } from './operations/delete-file'
import { dissociateFileOperation } from './operations/dissociate-file'
import { getContentOperation } from './operations/get-content'
import { getFileOperation } from './operations/get-file'
import { listFilesOperation } from './operations/list-files'
import { uploadFileOperation } from './operations/upload-file'

/**
 * Cuadra's files, `/v1/files`, which are also the gateway's own file API: files of every dialect are here, in
 * every state. `extraContentTypes` are accepted beside those of the public API.
 */
export function createCuadraDialect(extraContentTypes: readonly string[]): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  dialect.use(async (c, next) => {
    await authenticateRequest(c, bearerToken(c))
    await next()
  })
  dialect.post('/', uploadFileOperation(acceptedTypes(extraContentTypes)))
  dialect.get('/', listFilesOperation)
  dialect.get('/:fileId', getFileOperation)
  dialect.delete('/:fileId', deleteFileOperation)
  dialect.get('/:fileId/content', getContentOperation)
  dialect.post('/:fileId/associations', smallBody, associateFileOperation)
  dialect.delete('/:fileId/associations/:resourceType/:resourceId', dissociateFileOperation)
  for (const [path, allow] of [
    ['/', 'GET, POST'],
    ['/:fileId', 'GET, DELETE'],
    ['/:fileId/content', 'GET'],
    ['/:fileId/associations', 'POST'],
    ['/:fileId/associations/:resourceType/:resourceId', 'DELETE'],
  ] as const)
    dialect.all(path, (c) => renderMethodNotAllowed(c, allow))
  dialect.all('*', renderNoRoute)
  dialect.onError((error, c) => renderProblem(c, failureOf(error, c)))
  return dialect
}
