// Which web pages may call the local gateway and its store.

/** The origins of web apps in development. */
export const localOrigins = ['http://localhost:*', 'http://127.0.0.1:*']

const localHosts = new Set(localOrigins.map(hostOf))

/** The origins in `configured`, the value of CORS_ALLOWED_ORIGINS, and the local ones. */
export function withLocalOrigins(configured) {
  const listed = (configured ?? '').split(',').map((origin) => origin.trim())
  return [...new Set([...listed.filter((origin) => origin !== ''), ...localOrigins])]
}

/**
 * The routes that make Miniflare's store answer pages of `origins`: it answers pages of this machine, and pages whose host
 * is in a route of a Worker. It always refuses `Origin: null`, and `*` has no host to name. The gateway's own host must be in
 * none: a request by a route passes over `assets/`.
 */
export function routesFor(origins) {
  return origins.flatMap((origin) => {
    const host = hostOf(origin)
    // Miniflare allows a star only at the beginning of a host.
    const route = `${host.slice(Math.max(0, host.indexOf('*')))}/*`
    return host !== '' && !localHosts.has(host) && URL.canParse(`https://${route}`) ? [route] : []
  })
}

/** Without its port; empty where an origin names none. */
function hostOf(origin) {
  return /^[a-z0-9+.-]+:\/\/(.*?)(?::[0-9*]+)?$/.exec(origin)?.[1] ?? ''
}
