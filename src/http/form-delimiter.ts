const [lineFeed, carriageReturn, space, tab, dash] = [10, 13, 32, 9, 45]
/** Carriage returns this near to each other are stepped through rather than searched for. */
const nearBytes = 16

/**
 * Where a delimiter line of a form is (RFC 2046, section 5.1.1: CRLF, `--`, the boundary, blanks, CRLF; the last
 * one ends in `--`). `start` is where it begins, `end` where what comes after it does.
 */
export type Delimiter = { start: number; end: number; isLast: boolean }

/**
 * What a search found: a delimiter; none, and from where on there may be the beginning of one; or one whose
 * line ends in a line feed alone.
 */
export type Found = Delimiter | { mayBeginAt: number } | 'bare line feed'

/** The `from` of the first search in a form: the CRLF of its first delimiter is not written. */
export const beforeForm = -2

/**
 * Finds the first delimiter in `bytes` from `from` on. Looks at each byte a bounded number of times, whatever
 * the bytes are: there is no carriage return inside a delimiter's text, so no two attempts overlap.
 */
export function createDelimiterSearch(boundary: string): (bytes: Uint8Array, from: number) => Found {
  const text = new TextEncoder().encode(`\r\n--${boundary}`)

  /** How much of `text` is at `at`: all of it, or all that `bytes` has room for; otherwise null. */
  const matchAt = (bytes: Uint8Array, at: number): number | null => {
    const length = Math.min(text.length, bytes.length - at)
    for (let index = Math.max(1, -at); index < length; index++)
      if (bytes[at + index] !== text[index]) return null
    return length
  }

  return (bytes, from) => {
    let at = from < 0 ? from : nextCarriageReturn(bytes, from)
    for (; at < bytes.length; at = nextCarriageReturn(bytes, Math.max(at + 1, 0))) {
      const length = matchAt(bytes, at)
      if (length === null) continue
      const line = length < text.length ? 'unfinished' : lineAt(bytes, at, at + length)
      if (line === 'unfinished') return { mayBeginAt: at }
      if (line !== null) return line
    }
    return { mayBeginAt: bytes.length }
  }
}

/** The delimiter that begins at `start`, if what comes after its boundary ends a line or the form. */
function lineAt(
  bytes: Uint8Array,
  start: number,
  from: number,
): Delimiter | 'unfinished' | 'bare line feed' | null {
  if (from >= bytes.length) return 'unfinished'
  if (bytes[from] === dash) {
    if (from + 1 === bytes.length) return 'unfinished'
    return bytes[from + 1] === dash ? { start, end: from + 2, isLast: true } : null
  }
  let at = from
  while (bytes[at] === space || bytes[at] === tab) at++
  if (bytes[at] === lineFeed) return 'bare line feed'
  if (at < bytes.length && bytes[at] !== carriageReturn) return null
  if (at + 1 >= bytes.length) return 'unfinished'
  return bytes[at + 1] === lineFeed ? { start, end: at + 2, isLast: false } : null
}

/** A native search costs more than a step, and less than a thousand of them. */
function nextCarriageReturn(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + nearBytes, bytes.length)
  for (let at = from; at < near; at++) if (bytes[at] === carriageReturn) return at
  const found = bytes.indexOf(carriageReturn, near)
  return found === -1 ? bytes.length : found
}
