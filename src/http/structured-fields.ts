/** Structured fields (RFC 9651), as far as the headers of uploads have them. */

const key = '[a-z*][a-z0-9_.*-]*'
const bareItem = [
  '-?\\d{1,12}\\.\\d{1,3}',
  '-?\\d{1,15}',
  '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"',
  "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*",
  ':[A-Za-z0-9+/=]*:',
  '\\?[01]',
  '@-?\\d{1,15}',
  '%"[\\x20\\x21\\x23-\\x7e]*"',
].join('|')
const parameters = `(?: *; *${key}(?:=(?:${bareItem}))?)*`
const item = new RegExp(`^ *(${bareItem})${parameters} *$`)
const innerList = `\\( *(?:(?:${bareItem})${parameters}(?: +|(?=\\))))*\\)`
const member = new RegExp(`[ \\t]*(${key})(?:=(${bareItem}|${innerList}))?${parameters}[ \\t]*(,|$)`, 'y')

/** The longest header that is looked at, in characters. */
const headerMaxLength = 4096

/** The Boolean that `header` is, whatever its parameters; null when it is none, or is absent. */
export function booleanItem(header: string | undefined): boolean | null {
  const value = itemIn(header)
  return value === '?1' ? true : value === '?0' ? false : null
}

/** The Integer of 0 or more that `header` is, whatever its parameters; null when it is none, or is absent. */
export function countItem(header: string | undefined): number | null {
  const value = itemIn(header)
  return value !== null && /^(-0+|\d+)$/.test(value) ? Math.abs(Number(value)) : null
}

/**
 * The members of a Dictionary, each as it is written, without its parameters; `?1` for one without a value. Of repeated keys
 * the last. Null when `header` is none, or is absent.
 */
export function dictionary(header: string | undefined): ReadonlyMap<string, string> | null {
  if (header === undefined || header.length > headerMaxLength) return null
  const members = new Map<string, string>()
  let isLast = header.trim() === ''
  for (let at = 0; !isLast; at = member.lastIndex) {
    member.lastIndex = at
    const [, name = '', value = '?1', separator] = member.exec(header) ?? []
    if (name === '') return null
    members.set(name, value)
    isLast = separator === ''
  }
  return members
}

function itemIn(header: string | undefined): string | null {
  return header === undefined || header.length > headerMaxLength ? null : (item.exec(header)?.[1] ?? null)
}
