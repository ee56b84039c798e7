import { Hono } from 'hono'
import type { HttpEnv } from '../../http/context'
import { failureOf } from '../../http/render-failure'
import { renderFailure, renderMethodNotAllowed } from './errors'
import { getPublicFileOperation } from './operations/get-public-file'

/** What the dialect's `publicUrl` points at when the bucket itself is not public. Takes no credentials. */
export function createCtxfyPublicFiles(): Hono<HttpEnv> {
  const files = new Hono<HttpEnv>()
  // Also answers HEAD.
  files.get('*', getPublicFileOperation)
  files.all('*', (c) => renderMethodNotAllowed(c, 'GET, HEAD'))
  files.onError((error, c) => {
    const answer = renderFailure(c, failureOf(error, c))
    // Whoever asks before the bytes are there asks again.
    answer.headers.set('cache-control', 'no-store')
    return answer
  })
  return files
}
