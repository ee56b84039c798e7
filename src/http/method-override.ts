import { routedPath } from './routed-path'

/** The path of the protocol that knows the header, and what is below it. */
const overridable = /^\/tus(\/|$)/

/** Methods whose requests have no body. */
const bodiless = ['GET', 'HEAD']

/**
 * The request that the client means. Where it cannot send every method, it names the one that counts in a header, whatever
 * the method that it sends (tus 1.0.0, "X-HTTP-Method-Override"). Of other APIs the header changes nothing.
 */
export function meantRequest(request: Request): Request {
  const meant = request.headers.get('x-http-method-override')?.trim().toUpperCase()
  if (meant === undefined || meant === request.method || !overridable.test(routedPath(request)))
    return request
  try {
    return new Request(request, { method: meant, ...(bodiless.includes(meant) ? { body: null } : {}) })
  } catch {
    // It names no method.
    return request
  }
}
