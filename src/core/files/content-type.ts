const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const mediaType = new RegExp(`^(${token})/(${token})$`)
const parameter = new RegExp(
  `^(${token})=(${token}|"(?:[^"\\\\\\x00-\\x1f\\x7f-\\uffff]|\\\\[\\x20-\\x7e])*")$`,
)

/** The longest content type that is kept, in bytes. */
export const contentTypeMaxBytes = 255

/**
 * A media type (RFC 9110, section 8.3.1) as the client wrote it, without white space around it, which no header keeps.
 * It is sealed, so the client must be able to send the very text that it asked for. Null when `text` is no media type, is
 * longer than 255 bytes, or has a tab, which stores treat differently when they check a signature.
 */
export function parseContentType(text: string): string | null {
  if (text.length > contentTypeMaxBytes) return null
  const written = trimmed(text)
  return written.includes('\t') || partsOf(written) === null ? null : written
}

/**
 * Whether both are media types, and mean the same: names in any case, parameters in any order, with or without
 * quotes and space around them. The value of `charset` is a name (RFC 2046, section 4.1.2).
 */
export function isSameContentType(one: string, other: string): boolean {
  const meaning = meaningOf(one)
  return meaning !== null && meaning === meaningOf(other)
}

/** `type/subtype` in lower case, without parameters. */
export function essenceOf(contentType: string): string {
  return trimmed(contentType.slice(0, contentTypeMaxBytes).split(';')[0] ?? '').toLowerCase()
}

type Parts = { essence: string; parameters: { name: string; value: string }[] }

function meaningOf(text: string): string | null {
  const parts = text.length > contentTypeMaxBytes ? null : partsOf(text)
  if (parts === null) return null
  const parameters = parts.parameters.map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
  return [parts.essence, ...parameters.sort()].join(';')
}

/** The parts of a type, or null when one is malformed. `text` must be short. */
function partsOf(text: string): Parts | null {
  const [first = '', ...rest] = splitAtSemicolons(text)
  const essence = trimmed(first)
  if (!mediaType.test(essence)) return null
  const parameters: Parts['parameters'] = []
  for (const part of rest.map(trimmed)) {
    if (part === '') continue
    const [, named = '', value = ''] = parameter.exec(part) ?? []
    if (named === '') return null
    const name = named.toLowerCase()
    parameters.push({ name, value: name === 'charset' ? unquoted(value).toLowerCase() : unquoted(value) })
  }
  return { essence: essence.toLowerCase(), parameters }
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
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
