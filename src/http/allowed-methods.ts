import type { MiddlewareHandler } from 'hono'
import type { HonoBase } from 'hono/hono-base'
import type { HttpEnv } from './context'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/**
 * Answers an OPTIONS that is no preflight (RFC 9110, section 9.3.7): 204 with the methods of the path in
 * `Allow`, 404 where there is no such path. Needs no credential: routes are no secret.
 */
export function answerOptions(app: HonoBase<HttpEnv>): MiddlewareHandler {
  return async (c, next) => {
    const isPreflight = c.req.header('access-control-request-method') !== undefined
    if (c.req.method !== 'OPTIONS' || isPreflight) return next()
    const allow = allowedMethods(app, c.req.path)
    return allow.length === 0 ? c.notFound() : c.body(null, 204, { allow: allow.join(', ') })
  }
}

/** The methods that `app` has a handler for at `path`, with the HEAD and OPTIONS that come with them; none: no such path. */
export function allowedMethods(app: HonoBase<HttpEnv>, path: string): string[] {
  const known = methods.filter((method) => {
    const [handlers] = app.router.match(method, path)
    // A handler of every method is middleware, or the answer where there is no route.
    return handlers.some(([[, route]]) => route.method === method)
  })
  if (known.length === 0) return []
  return [...known.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS']
}
