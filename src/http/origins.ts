/**
 * The longest origin that is compared, in characters: a scheme, a host name (RFC 1035: 253) and a port. Browsers send
 * none that is longer.
 */
const originLengthMax = 512
const label = /^[a-z0-9_-]{1,63}$/
const port = /^:[0-9]{1,5}$/

/**
 * Whether `text` can stand in a list of allowed origins: an origin as browsers send it (RFC 6454, section 6.2), with any
 * scheme, such as `https://app.example.com`, `capacitor://localhost` or `chrome-extension://…`; the same with `*` for
 * one label of the host or for the port; the words `null` and `*`.
 *
 * `*` for a label wants two more labels after it, or `localhost`: `https://*.com` would be every site.
 */
export function isOriginPattern(text: string): boolean {
  if (text === '*' || text === 'null') return true
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^\s,/?#@\\]*)$/.exec(text) ?? []
  if (scheme === '' || text.length > originLengthMax) return false
  const pieces = authority.split('*')
  if (pieces.length > 2) return false
  const [before = '', after] = pieces
  if (after !== undefined && !(after === '' ? before.endsWith(':') : isLabelBetween(before, after)))
    return false
  // Check the pattern with an example in place of `*`: a label or a port.
  const example = after === undefined ? authority : before + (after === '' ? '12345' : 'x') + after
  return isAuthority(scheme, example)
}

/** What `isOriginPattern` accepts, for the message to an operator who wrote something else. */
export const originPatternsInWords =
  'origins as browsers send them (https://web.example.com, capacitor://localhost), with * for at most one label (https://*.preview.example.com) or the port (http://localhost:*); or * for all'

/**
 * Whether the Origin header `origin` matches one of `patterns`, each of which satisfies `isOriginPattern`. Takes time that
 * is linear in their length.
 */
export function isAllowedOrigin(patterns: readonly string[], origin: string): boolean {
  if (origin.length > originLengthMax) return false
  return patterns.some((pattern) => pattern === '*' || pattern === origin || fits(pattern, origin))
}

/** Whether `origin` is `pattern` with a label, or with a port or no port, in place of its `*`. */
function fits(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return false
  const isPort = star === pattern.length - 1
  // Browsers send neither a default port nor the colon before it.
  const before = pattern.slice(0, isPort ? star - 1 : star)
  const after = pattern.slice(star + 1)
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false
  if (origin.length < before.length + after.length) return false
  const between = origin.slice(before.length, origin.length - after.length)
  return isPort ? between === '' || port.test(between) : label.test(between)
}

/** Whether a `*` between these two stands for a whole label, below a domain that can have one owner. */
function isLabelBetween(before: string, after: string): boolean {
  if (before !== '' && !before.endsWith('.')) return false
  const [host = ''] = after.split(':')
  return host === '.localhost' || /^\.[a-z0-9_-]+\.[a-z0-9_.-]*[a-z0-9_-]$/.test(host)
}

/** Whether `scheme://authority` is written as browsers write it: no default port, no upper case where it does not count. */
function isAuthority(scheme: string, authority: string): boolean {
  const url = URL.parse(`${scheme}://${authority}`)
  if (url === null) return false
  // URL has no origin for other schemes. Their host is what the application chose, which may be nothing (`file://`).
  if (scheme === 'http' || scheme === 'https') return url.origin === `${scheme}://${authority}`
  return url.host === authority && url.pathname === (scheme === 'file' ? '/' : '')
}
