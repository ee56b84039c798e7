import { bytesOfEscapes, decodeBytes, decodeEncodedWords } from './encoded-words'
import { withContinuations } from './parameter-continuations'

/** What the headers of a part of a multipart form say (RFC 7578). */
export type PartHeaders = {
  /** Empty when the part has none. */
  name: string
  /** Decoded, but not sanitized; null: the part is not a file. */
  filename: string | null
  /** As the client sent it; null: it sent none. */
  contentType: string | null
  /** How the bytes are encoded, such as `base64`; null when they are sent as they are. */
  transferEncoding: string | null
}

/**
 * Reads the headers of a part. A filename may have characters beyond U+00FF, as curl and browsers send it in UTF-8.
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
 * A `filename*` parameter, `charset'language'text` (RFC 8187). RFC 7578 forbids it in forms, but some clients send it
 * beside `filename`. Null when there is none, or it cannot be decoded.
 */
function extendedFilename(parameter: string | undefined): string | null {
  const [, charset = '', text = ''] = /^([\w.:+-]{1,40})'[^']{0,40}'(.*)$/s.exec(parameter ?? '') ?? []
  const bytes = charset === '' ? null : bytesOfEscapes(text, '%')
  return bytes && decodeBytes(charset, bytes)
}
