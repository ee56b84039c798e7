import { withContinuations } from './parameter-continuations'

/** What the headers of a part of a multipart form say (RFC 7578). */
export type PartHeaders = {
  /** Empty when it has none. */
  name: string
  /** null: not sent as a file. */
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
    filename: extendedValue(disposition.get('filename*')) ?? disposition.get('filename') ?? null,
    contentType: textOf(headers['content-type']) || null,
    transferEncoding: /^(7bit|8bit|binary)?$/.test(transferEncoding ?? '') ? null : transferEncoding,
  }
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

/** `UTF-8''…` (RFC 8187). RFC 7578 forbids it in forms; some clients send it beside `filename` all the same. */
function extendedValue(text: string | undefined): string | null {
  const encoded = /^(?:utf-8|us-ascii)'[^']*'(.*)$/i.exec(text ?? '')?.[1]
  if (encoded === undefined) return null
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}
