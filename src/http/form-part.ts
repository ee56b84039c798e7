import { bytesOfEscapes, decodeBytes, decodeEncodedWords } from './encoded-words'
import { withContinuations } from './parameter-continuations'

/** What the headers of a part of a multipart form say (RFC 7578). */
export type PartHeaders = {
  /** Empty when it has none. */
  name: string
  /** Decoded, but not cleaned; null: not sent as a file. */
  filename: string | null
  /** As it was sent; null: not said. */
  contentType: string | null
  /** null when the bytes are sent as they are; otherwise how they are wrapped, as with `base64`. */
  transferEncoding: string | null
}

/**
 * Reads them. The parser's own reading of `Content-Disposition` is not used: it loses the whole header when a
 * filename has a character beyond U+00FF, which is how curl and browsers send it.
 */
export function readPartHeaders(headers: Record<string, string | readonly string[]>): PartHeaders {
  const disposition = withContinuations(parametersOf(textOf(headers['content-disposition']) ?? ''))
  const transferEncoding = textOf(headers['content-transfer-encoding'])?.toLowerCase() ?? null
  return {
    name: disposition.get('name') ?? '',
    filename: extendedFilename(disposition.get('filename*')) ?? plainFilename(disposition),
    contentType: textOf(headers['content-type']) || null,
    transferEncoding: /^(7bit|8bit|binary)?$/.test(transferEncoding ?? '') ? null : transferEncoding,
  }
}

function plainFilename(parameters: ReadonlyMap<string, string>): string | null {
  const filename = parameters.get('filename')
  return filename === undefined ? null : decodeEncodedWords(filename)
}

/** Repeated headers: the first one. */
function textOf(header: string | readonly string[] | undefined): string | undefined {
  return (typeof header === 'string' ? header : header?.[0])?.trim()
}

function parametersOf(header: string): Map<string, string> {
  const found = header.matchAll(/;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))/gs)
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, bare = ''] of found) {
    const key = name.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, quoted === undefined ? bare : unquoted(quoted))
  }
  return parameters
}

/** Browsers escape a quote as `%22` (HTML, "Multipart form data"), older clients as `\"`. */
function unquoted(text: string): string {
  return text
    .replace(/\\(["\\])/g, '$1')
    .replace(/%22/g, '"')
    .replace(/%0[AD]/gi, '')
}

/**
 * `charset'language'text` (RFC 8187), which RFC 7578 forbids in forms and some clients send beside `filename` all
 * the same. Null when there is none, or it cannot be decoded.
 */
function extendedFilename(parameter: string | undefined): string | null {
  const [, charset = '', text = ''] = /^([\w.:+-]{1,40})'[^']{0,40}'(.*)$/s.exec(parameter ?? '') ?? []
  const bytes = charset === '' ? null : bytesOfEscapes(text, '%')
  return bytes && decodeBytes(charset, bytes)
}
