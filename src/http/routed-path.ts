import { getPath } from 'hono/utils/url'

/** Where the rest of a path is the caller's own text, in which every slash counts. */
const ownText = [/^\/+public\/+(.*)$/s, /^\/+v1\/+files\/+[^/]+\/+associations\/+[^/]+\/(.+)$/s]

/**
 * The path that a request is routed by: as it was sent, with one slash where several follow each other, as
 * behind a base URL that ends in one, and none at its end. A slash that is written `%2F` is no separator and
 * stays as it is; dot segments were resolved when the URL was parsed.
 */
export function routedPath(request: Request): string {
  const path = getPath(request)
  if (!path.includes('//') && !path.endsWith('/')) return path
  const tail = ownText.map((form) => form.exec(path)?.[1]).find((text) => text !== undefined)
  if (tail === undefined) return tidy(path)
  return `${tidy(path.slice(0, path.length - tail.length))}/${tail}`
}

/** Whether all of `url`'s path is percent-encoded UTF-8 (RFC 3986, section 2.5), so that it names one thing. */
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
