import { getPath } from 'hono/utils/url'

/** Paths whose last part is the client's own text, in which every slash counts. */
const ownText = [/^\/+public\/+(.*)$/s, /^\/+v1\/+files\/+[^/]+\/+associations\/+[^/]+\/(.+)$/s]

/**
 * The path by which a request is routed: as the client sent it, but with one slash where several follow each other (a base
 * URL may end in one), and none at its end. A slash that is written `%2F` is no separator and stays; dot segments were
 * resolved when the URL was parsed.
 */
export function routedPath(request: Request): string {
  return withoutToken(request.method, tidyPath(getPath(request)))
}

/**
 * What follows the token of `/g/{token}/…`, which is then routed as if it came with the token as a header. `/g/{token}`
 * itself and a PUT to a name directly below it are routed as they are.
 */
function withoutToken(method: string, path: string): string {
  const [, below] = /^\/g\/[^/]+(\/.+)$/s.exec(path) ?? []
  if (below === undefined) return path
  return method === 'PUT' && !below.includes('/', 1) ? path : below
}

/** The token of a path `/g/{token}` and below it. */
export function pathTokenOf(request: Request): string | undefined {
  const path = getPath(request)
  return path.startsWith('/g/') || path.startsWith('//') ? /^\/+g\/+([^/]+)/.exec(path)?.[1] : undefined
}

function tidyPath(path: string): string {
  if (!path.includes('//') && !path.endsWith('/')) return path
  const tail = ownText.map((form) => form.exec(path)?.[1]).find((text) => text !== undefined)
  if (tail === undefined) return tidy(path)
  return `${tidy(path.slice(0, path.length - tail.length))}/${tail}`
}

/** Whether the whole path of `url` is percent-encoded UTF-8 (RFC 3986, section 2.5), so that it has one meaning. */
export function isWellEncoded(url: string): boolean {
  try {
    decodeURIComponent(new URL(url).pathname)
    return true
  } catch {
    return false
  }
}

function tidy(path: string): string {
  const single = path.replace(/\/{2,}/g, '/')
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single
}
