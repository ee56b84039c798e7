const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const mediaType = new RegExp(`^(${token})/(${token})$`)
const parameter = new RegExp(
  `^(${token})=(${token}|"(?:[^"\\\\\\x00-\\x1f\\x7f-\\uffff]|\\\\[\\x20-\\x7e])*")$`,
)

/** The longest content type that is kept, in bytes. */
export const contentTypeMaxBytes = 255

/**
 * The canonical form of a media type (RFC 9110, section 8.3.1): type, subtype and parameter names in
 * lower case, the rest kept, also whether there is a space before a parameter. So what a client sends with
 * its PUT is what was signed, in whichever of the two usual ways it writes it. Null when `text` is no media type.
 */
export function parseContentType(text: string): string | null {
  const parts = partsOf(text)
  if (parts === null) return null
  const canonical = parts
    .map(({ value, spaced }, at) => `${at === 0 ? '' : spaced ? '; ' : ';'}${value}`)
    .join('')
  return canonical.length <= contentTypeMaxBytes ? canonical : null
}

/** Whether both are media types, and the same but for space between parameters. */
export function isSameContentType(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)]
  return (
    a !== null && b !== null && a.length === b.length && a.every(({ value }, at) => value === b[at]?.value)
  )
}

/** `type/subtype` in lower case, without parameters. */
export function essenceOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase()
}

/** Type and parameters with their names in lower case, or null when one of them is malformed. */
function partsOf(text: string): { value: string; spaced: boolean }[] | null {
  const parts: { value: string; spaced: boolean }[] = []
  for (const [at, raw] of splitAtSemicolons(text).entries()) {
    const part = raw.replace(/^[ \t]+|[ \t]+$/g, '')
    if (at > 0 && part === '') continue
    const match = (at === 0 ? mediaType : parameter).exec(part)
    if (match === null) return null
    const value = at === 0 ? part.toLowerCase() : `${match[1]?.toLowerCase()}=${match[2]}`
    parts.push({ value, spaced: /^[ \t]/.test(raw) })
  }
  return parts
}

/** Splits at `;` outside quoted strings. */
function splitAtSemicolons(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    if (char === '\\' && quoted && at + 1 < text.length) at++
    else if (char === '"') quoted = !quoted
    else if (at === text.length || (char === ';' && !quoted)) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return parts
}
