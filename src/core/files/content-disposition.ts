import { essenceOf } from './content-type'

/** What stands for itself in both forms, as most names do. */
const plainName = /^[A-Za-z0-9._~-]*$/

/**
 * A Content-Disposition header value (RFC 6266): `filename` in plain ASCII for old clients, `filename*`
 * in UTF-8 (RFC 8187) for everyone else.
 */
export function contentDispositionOf(type: 'attachment' | 'inline', filename: string): string {
  if (plainName.test(filename)) return `${type}; filename="${filename}"; filename*=UTF-8''${filename}`
  const ascii = filename
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\x20-\x7e]/g, '_')
    // After decomposing, which can make separators: U+FF0F becomes a slash.
    .replace(/["\\/%]/g, '_')
  const extended = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${ascii}"; filename*=UTF-8''${extended}`
}

/** Types that a browser shows without running any code of theirs. */
const inertType = /^(image\/[a-z0-9.-]+|audio\/[a-z0-9.-]+|video\/[a-z0-9.-]+|application\/pdf|text\/plain)$/

/** `inline` for types that run nothing in a browser; `attachment` for all others (HTML, SVG, XML, unknown ones). */
export function inlineOrAttachment(contentType: string): 'attachment' | 'inline' {
  return inertType.test(essenceOf(contentType)) ? 'inline' : 'attachment'
}
