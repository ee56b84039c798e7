import { failField } from '../../../core/errors'
import { inlineOrAttachment } from '../../../core/files/content-disposition'
import { getFile, presignDownload } from '../../../core/files/get-file'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { serveContent } from '../../../http/serve-content'
import { signedFileIdOf } from './blob-facts'

/** How long a browser may follow the same redirect again, as Rails has it; never as long as the URL lives. */
const redirectMaxAgeSeconds = 300

/**
 * 302 to a presigned GET. The filename in the path is for people; the blob's own counts. `attachment` unless asked
 * otherwise, and always for types that a browser would run (as in Rails). HEAD is answered by the Worker itself.
 */
export const downloadBlobOperation = operation({
  name: 'downloadBlob',
  method: 'get',
  path: '/blobs/:signedId/:filename',
  summary: 'Where the bytes of a blob are',
  access: 'files:read',
  query: { disposition: ['contentDisposition'] },
  answers: { 302: 'Redirect' },
  fails: ['file_not_found', 'file_uploading', 'file_refused', 'store_failed'],
  async handle(c, { organizationId }, { query }) {
    const gateway = c.get('gateway')
    const asked = query.one('disposition')
    const wish = asked?.toLowerCase() ?? 'attachment'
    if (wish !== 'inline' && wish !== 'attachment')
      failField('disposition', `must be inline or attachment, not ${sayValue(asked)}`)
    const file = await getFile(gateway, organizationId, await signedFileIdOf(c, organizationId))
    // A presigned GET refuses HEAD.
    if (c.req.method === 'HEAD') return serveContent(c, file, { cacheControl: 'private, no-store' })
    const disposition = wish === 'inline' ? inlineOrAttachment(file.contentType) : wish
    const url = await presignDownload(gateway, file, disposition)
    const maxAge = Math.min(redirectMaxAgeSeconds, Math.floor(gateway.limits.downloadUrlTtlSeconds / 2))
    c.header('Cache-Control', `private, max-age=${maxAge}`)
    // The same browser with another organization's key must not get it from its cache.
    c.header('Vary', 'Authorization, X-API-KEY', { append: true })
    return c.redirect(url, 302)
  },
})
