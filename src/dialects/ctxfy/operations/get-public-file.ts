import type { Context } from 'hono'
import { parseObjectKey } from '../../../core/contents/content'
import { fail } from '../../../core/errors'
import { getPublicFile } from '../../../core/files/get-public-file'
import type { HttpEnv } from '../../../http/context'
import { answerFromCopy, keepCopy, publicMaxAgeSeconds } from '../../../http/public-copies'
import { serveContent } from '../../../http/serve-content'

const cacheControl = `public, max-age=${publicMaxAgeSeconds}`

/** `GET` and `HEAD /public/{fileKey}`: the bytes of a public file, for everyone. */
export async function getPublicFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { path } = c.req
  const fileKey = path.slice('/public/'.length)
  const parts = parseObjectKey(fileKey) ?? fail({ code: 'file_not_found', fileId: fileKey })
  const identity = { organizationId: parts.organizationId, id: parts.fileId }
  const copy = await answerFromCopy(c, identity, path)
  if (copy !== null) return copy

  const file = await getPublicFile(c.var.gateway, fileKey)
  const answer = await serveContent(c, file, { cacheControl })
  keepCopy(c, file, path, answer)
  return answer
}
