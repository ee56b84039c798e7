import type { Dialect } from '../../http/mount'
import { ctxfyFailures } from './errors'
import { getPublicFileOperation } from './operations/get-public-file'
import { publicFilesPath } from './public-files-path'

/** What the dialect's `publicUrl` points at when the bucket itself is not public. Takes no credentials. */
export const publicFilesDialect: Dialect = {
  path: publicFilesPath,
  operations: [getPublicFileOperation],
  guards: [],
  owns: [],
  ...ctxfyFailures,
  renderFailure(c, failure) {
    const answer = ctxfyFailures.renderFailure(c, failure)
    // A client that asks before the bytes are there asks again.
    answer.headers.set('cache-control', 'no-store')
    return answer
  },
}
