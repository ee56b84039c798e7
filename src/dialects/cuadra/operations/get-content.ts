import { failField } from '../../../core/errors'
import { getFile, presignDownload } from '../../../core/files/get-file'
import { sayValue } from '../../../core/say-value'
import { fileIdOf } from '../../../http/file-ids'
import { parseBoolean } from '../../../http/lenient-values'
import { operation } from '../../../http/operation'
import { serveContent } from '../../../http/serve-content'

/**
 * A redirect to where the store hands the bytes out, or with `redirect=false`, and for HEAD, which a presigned GET
 * refuses, the bytes through the Worker.
 */
export const getContentOperation = operation({
  name: 'getContent',
  method: 'get',
  path: '/:fileId/content',
  summary: 'The bytes of a file, by a redirect or through the Worker',
  access: 'files:read',
  query: { redirect: [] },
  answers: { 200: 'Content', 206: 'Part', 302: 'Redirect', 304: 'NotModified', 416: 'NoSuchRange' },
  fails: ['file_not_found', 'file_uploading', 'file_refused', 'precondition_failed', 'store_failed'],
  async handle(c, { organizationId }, { query }) {
    const gateway = c.get('gateway')
    const text = query.one('redirect') ?? 'true'
    const redirect = parseBoolean(text)
    if (redirect === null) failField('redirect', `must be true or false, not ${sayValue(text)}`)
    const file = await getFile(gateway, organizationId, fileIdOf(c))
    if (!redirect || c.req.method === 'HEAD')
      return serveContent(c, file, { cacheControl: 'private, no-store' })
    c.header('cache-control', 'private, no-store')
    return c.redirect(await presignDownload(gateway, file), 302)
  },
})
