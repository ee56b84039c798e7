import type { Context } from 'hono'
import { failField } from '../../../core/errors'
import { getFile, presignDownload } from '../../../core/files/get-file'
import { requireScope } from '../../../core/organizations/principal'
import { sayValue } from '../../../core/say-value'
import type { HttpEnv } from '../../../http/context'
import { parseBoolean } from '../../../http/lenient-values'
import { queryParameters } from '../../../http/query-parameters'
import { serveContent } from '../../../http/serve-content'
import { fileIdOf } from './file-id'

/**
 * `GET /v1/files/{id}/content`: a redirect to where the store hands the bytes out, or with `redirect=false`,
 * and for HEAD, which a presigned GET refuses, the bytes through the Worker.
 */
export async function getContentOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway } = c.var
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const text = queryParameters(c, { redirect: [] }).one('redirect') ?? 'true'
  const redirect = parseBoolean(text)
  if (redirect === null) failField('redirect', `must be true or false, not ${sayValue(text)}`)
  const file = await getFile(gateway, organizationId, fileIdOf(c))
  if (!redirect || c.req.method === 'HEAD')
    return serveContent(c, file, { cacheControl: 'private, no-store' })
  c.header('cache-control', 'private, no-store')
  return c.redirect(await presignDownload(gateway, file), 302)
}
