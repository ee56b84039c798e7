import { Hono } from 'hono'
import { fail } from '../../core/errors'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import { failureOf } from '../../http/render-failure'
import { renderFailure } from './errors'
import { deleteFileOperation } from './operations/delete-file'
import { getFileOperation } from './operations/get-file'
import { listFilesOperation } from './operations/list-files'
import { uploadFileOperation } from './operations/upload-file'
import { supportedContentTypes } from './schema'

/**
 * QuantCDN's AI file storage API (v3). `extraContentTypes` are accepted beside those of the public API.
 * The path is served in both spellings.
 */
export function createQuantcdnDialect(extraContentTypes: readonly string[]): Hono<HttpEnv> {
  const dialect = new Hono<HttpEnv>()
  const supported = [...supportedContentTypes, ...extraContentTypes]
  for (const spelling of ['organizations', 'organisations']) {
    const files = `/api/v3/${spelling}/:organisation/ai/files`
    // `/*` also matches the path before it.
    dialect.use(`${files}/*`, async (c, next) => {
      const principal = await authenticateRequest(c, bearerToken(c))
      // The same answer whether the organization exists or not. No id has capitals.
      if (
        principal.kind === 'root' ||
        principal.organizationId !== c.req.param('organisation')?.toLowerCase()
      )
        fail({ code: 'wrong_organization' })
      await next()
    })
    dialect.post(files, uploadFileOperation(supported))
    dialect.get(files, listFilesOperation)
    dialect.get(`${files}/:fileId`, getFileOperation)
    dialect.delete(`${files}/:fileId`, deleteFileOperation)
    for (const [path, allow] of [
      [files, 'GET, POST'],
      [`${files}/:fileId`, 'GET, DELETE'],
    ] as const)
      dialect.all(path, (c) =>
        c.json({ error: true, message: `${c.req.method} is not possible here` }, 405, { allow }),
      )
  }
  dialect.all('/api/v3/*', (c) => c.json({ error: true, message: 'There is nothing here' }, 404))
  dialect.onError((error, c) => renderFailure(c, failureOf(error, c)))
  return dialect
}
