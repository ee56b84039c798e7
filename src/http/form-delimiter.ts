const [lineFeed, carriageReturn, space, tab, dash] = [10, 13, 32, 9, 45]
/** Up to this distance, stepping to the next carriage return is cheaper than a native search. */
const nearBytes = 16

/**
 * A delimiter line of a form (RFC 2046, section 5.1.1): CRLF, `--`, the boundary, blanks, CRLF; the last one ends in
 * `--`. It is from `start` up to, not including, `end`.
 */
export type Delimiter = { start: number; end: number; isLast: boolean }

/**
 * What a search found: a delimiter; no delimiter, and from where on one may begin; or a delimiter whose line ends in a
 * line feed alone.
 */
export type Found = Delimiter | { mayBeginAt: number } | 'bare line feed'

/** The `from` of the first search in a form, whose first delimiter has no CRLF before it. */
export const beforeForm = -2

/**
 * Finds the first delimiter in `bytes` from `from` on. Looks at each byte a bounded number of times, whatever the bytes
 * are: a delimiter's text has no carriage return inside, so no two attempts overlap.
 */
export function createDelimiterSearch(boundary: string): (bytes: Uint8Array, from: number) => Found {
  const text = new TextEncoder().encode(`\r\n--${boundary}`)

  /** How many bytes of `text` are at `at`: all of them, or as many as `bytes` has left; null when they differ. */
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

/** The delimiter that begins at `start`, if its boundary is followed by the end of a line or of the form. */
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

/** Steps first, then searches: a native search costs more than a step and less than a thousand steps. */
function nextCarriageReturn(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + nearBytes, bytes.length)
  for (let at = from; at < near; at++) if (bytes[at] === carriageReturn) return at
  const found = bytes.indexOf(carriageReturn, near)
  return found === -1 ? bytes.length : found
}
