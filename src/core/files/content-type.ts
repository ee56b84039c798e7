const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const mediaType = new RegExp(`^(${token})/(${token})$`)
const parameter = new RegExp(
  `^(${token})=(${token}|"(?:[^"\\\\\\x00-\\x1f\\x7f-\\uffff]|\\\\[\\x20-\\x7e])*")$`,
)

/** The longest content type that is kept, in bytes. */
export const contentTypeMaxBytes = 255

/**
 * The canonical form of a media type (RFC 9110, section 8.3.1): type, subtype and parameter names in
 * lower case, parameters kept as `; name=value`. Null when `text` is not a media type.
 */
export function parseContentType(text: string): string | null {
  const [essence = '', ...parameters] = splitParameters(text)
  if (!mediaType.test(essence)) return null
  const canonical: string[] = [essence.toLowerCase()]
  for (const part of parameters) {
    if (part === '') continue
    const match = parameter.exec(part)
    if (match?.[1] === undefined) return null
    canonical.push(`${match[1].toLowerCase()}=${match[2]}`)
  }
  const joined = canonical.join('; ')
  return joined.length <= contentTypeMaxBytes ? joined : null
}

/** `type/subtype` in lower case, without parameters. */
export function essenceOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase()
}

/** Splits at `;` outside quoted strings and trims optional whitespace. */
function splitParameters(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    if (char === '\\' && quoted && at + 1 < text.length) at++
    else if (char === '"') quoted = !quoted
    else if (at === text.length || (char === ';' && !quoted)) {
      parts.push(text.slice(start, at).replace(/^[ \t]+|[ \t]+$/g, ''))
      start = at + 1
    }
  }
  return parts
}
