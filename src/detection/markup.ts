/** How many bytes of the beginning are read. Comments before a root element can be long. */
const lookAtBytes = 4096

/**
 * The type of a text that a browser or a system could run, or of XML: an HTML page, an SVG image, another XML
 * document, a script. Null when the text begins as none of them. Works for every encoding that contains ASCII, and for
 * UTF-16. Recognises HTML as browsers do (WHATWG MIME Sniffing, section 7.1).
 */
export function markupType(bytes: Uint8Array): string | null {
  const text = beginningOf(bytes)
  if (/^#![ \t]*\//.test(text.slice(0, 64))) return 'text/x-shellscript'
  if (/^@echo off/i.test(text)) return 'text/x-msdos-batch'
  const start = skipSpace(text, 0)
  return text[start] === '<' ? typeOfMarkup(text, start) : null
}

function beginningOf(bytes: Uint8Array): string {
  const [a, b, c] = bytes
  const sample = bytes.subarray(0, lookAtBytes)
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return decoded(sample, 'utf-16le')
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return decoded(sample, 'utf-16be')
  return decoded(a === 0xef && b === 0xbb && c === 0xbf ? sample.subarray(3) : sample, 'latin1')
}

function decoded(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes)
}

function typeOfMarkup(text: string, start: number): string | null {
  let at = start
  let isXml = false
  // Skip what precedes the root element: the XML declaration, instructions, comments, a document type.
  for (;;) {
    at = skipSpace(text, at)
    const rest = text.slice(at, at + 32).toLowerCase()
    if (/^<\?(php|=)/.test(rest)) return 'application/x-httpd-php'
    if (/^<\?xml[ \t\r\n]/.test(rest)) isXml = true
    if (/^<!doctype[ \t\r\n]+html[ \t\r\n>]/.test(rest)) return 'text/html'
    if (/^<!doctype[ \t\r\n]+svg[ \t\r\n>]/.test(rest)) return 'image/svg+xml'
    const end = endOfProlog(text, at, rest)
    if (end === null) break
    // A comment or document type that does not end in the sample: a browser takes it for a page.
    if (end === -1) return isXml ? 'application/xml' : 'text/html'
    at = end
  }
  const element = /^<(?:[a-z_][\w.-]{0,15}:)?([a-z][a-z0-9]{0,15})(?=[ \t\r\n\f/>]|$)/i.exec(
    text.slice(at, at + 48),
  )
  const name = element?.[1]?.toLowerCase() ?? ''
  if (name === 'svg') return 'image/svg+xml'
  if (isXml) return name === 'html' ? 'text/html' : 'application/xml'
  return htmlElements.has(name) ? 'text/html' : null
}

/** Where the piece of a prolog that begins at `at` ends; -1 when it does not end, null when none begins there. */
function endOfProlog(text: string, at: number, rest: string): number | null {
  if (rest.startsWith('<!--')) return after(text, '-->', at + 4)
  if (rest.startsWith('<?')) return after(text, '?>', at + 2)
  if (!rest.startsWith('<!doctype')) return null
  const close = text.indexOf('>', at)
  const subset = text.indexOf('[', at)
  return subset === -1 || subset > close ? after(text, '>', at) : after(text, ']', subset, '>')
}

function after(text: string, mark: string, from: number, last = ''): number {
  const found = text.indexOf(mark, from)
  if (found === -1 || last === '') return found === -1 ? -1 : found + mark.length
  return after(text, last, found)
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n\f\ufeff'.includes(text[at] ?? '')) at++
  return at
}

const htmlElements: ReadonlySet<string> = new Set(
  'html head body script iframe h1 div font table a style title b br p meta link base form img object embed'.split(
    ' ',
  ),
)
