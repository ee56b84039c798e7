// Which web pages may call the local gateway and its store.

/** Where web apps are developed. */
export const localOrigins = ['http://localhost:*', 'http://127.0.0.1:*']

/** `configured` is the value of CORS_ALLOWED_ORIGINS; these origins and the local ones. */
export function withLocalOrigins(configured) {
  const listed = (configured ?? '').split(',').map((origin) => origin.trim())
  return [...new Set([...listed.filter((origin) => origin !== ''), ...localOrigins])]
}

/**
 * Miniflare's store answers pages of this machine, and those whose host is in a route of a Worker: the routes that
 * make it answer pages of `origins`. It always refuses `Origin: null`, and `*` has no host to be told.
 */
export function routesFor(origins) {
  return origins.flatMap((origin) => {
    const host = /^[a-z0-9+.-]+:\/\/(.*?)(?::[0-9*]+)?$/.exec(origin)?.[1] ?? ''
    // Miniflare knows a star only where the host begins.
    const route = `${host.slice(Math.max(0, host.indexOf('*')))}/*`
    return host !== '' && URL.canParse(`https://${route}`) ? [route] : []
  })
}
