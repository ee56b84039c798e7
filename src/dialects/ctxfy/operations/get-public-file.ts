import { parseObjectKey } from '../../../core/contents/content'
import { fail } from '../../../core/errors'
import { getPublicFile } from '../../../core/files/get-public-file'
import { operation } from '../../../http/operation'
import { answerFromCopy, keepCopy, publicMaxAgeSeconds } from '../../../http/public-copies'
import { serveContent } from '../../../http/serve-content'
import { publicFilesPath, publicFilesUrl } from '../public-files-path'

const cacheControl = `public, max-age=${publicMaxAgeSeconds}`

/** For everyone, from a copy at the edge if there is one. */
export const getPublicFileOperation = operation({
  name: 'getPublicFile',
  method: 'get',
  path: '/:fileKey{.*}',
  summary: 'The bytes of a public file',
  access: 'public',
  answers: { 200: 'Content', 206: 'Part', 304: 'NotModified', 416: 'NoSuchRange' },
  fails: ['file_not_found', 'precondition_failed', 'store_failed', 'database_failed'],
  async handle(c) {
    const { path } = c.req
    const fileKey = path.slice(`${publicFilesPath}/`.length)
    const parts = parseObjectKey(fileKey) ?? fail({ code: 'file_not_found', fileId: fileKey })
    const identity = { organizationId: parts.organizationId, id: parts.fileId }
    const address = { filesUrl: publicFilesUrl(c), path }
    const copy = await answerFromCopy(c, identity, address)
    if (copy !== null) return copy

    const file = await getPublicFile(c.get('gateway'), fileKey)
    const answer = await serveContent(c, file, { cacheControl })
    keepCopy(c, file, address, answer)
    return answer
  },
})
