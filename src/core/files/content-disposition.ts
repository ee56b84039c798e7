/**
 * A Content-Disposition header value (RFC 6266): `filename` in plain ASCII for old clients, `filename*`
 * in UTF-8 (RFC 8187) for everyone else.
 */
export function contentDispositionOf(type: 'attachment' | 'inline', filename: string): string {
  const ascii = filename
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\x20-\x7e]/g, '_')
    // Decomposing can make separators: U+FF0F becomes a slash.
    .replace(/["\\/%]/g, '_')
  const extended = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${ascii}"; filename*=UTF-8''${extended}`
}
