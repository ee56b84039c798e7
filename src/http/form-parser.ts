import { fail } from '../core/errors'
import type { BodyReader } from './body-reader'
import { beforeForm, createDelimiterSearch } from './form-delimiter'

/** The most bytes of the headers of a part, and the most of them. */
const headersMaxBytes = 16 * 1024
const headersMax = 100
const [lineFeed, carriageReturn] = [10, 13]

/** The events of a form, in order: each part gives its headers, then its bytes in pieces, then its end. */
export type FormEvent =
  /** Names in lower case. Of repeated headers the first. */
  | { kind: 'part'; headers: Record<string, string> }
  /** Valid until the next event is asked for. */
  | { kind: 'bytes'; chunk: Uint8Array }
  | { kind: 'end' }

/**
 * Parses a form (RFC 7578, RFC 2046) as it arrives, with no more than the reader's chunk in memory. Ignores bytes before
 * the first delimiter and after the last one: RFC 2046, section 5.1.1, calls them preamble and epilogue. Throws
 * `invalid_request` when the form is malformed or ends early, and what `body` throws.
 */
export async function* parseForm(
  body: Pick<BodyReader, 'next'>,
  boundary: string,
): AsyncGenerator<FormEvent, void> {
  const find = createDelimiterSearch(boundary)
  let bytes: Uint8Array = new Uint8Array()
  /** Reads the next chunk, and keeps the bytes from `from` on. */
  const more = async (from: number, why: string) => {
    const keep = bytes.length - from
    if (keep > headersMaxBytes) tooManyHeaders()
    bytes = (await body.next(keep)) ?? malformed(why)
  }

  let isInPart = false
  let at = 0
  let from = beforeForm
  for (;;) {
    const found = find(bytes, from)
    if (found === 'bare line feed') malformed('its lines must end in CRLF')
    const bodyEnd = 'start' in found ? found.start : found.mayBeginAt
    if (isInPart && bodyEnd > at) yield { kind: 'bytes', chunk: bytes.subarray(at, bodyEnd) }
    if (!('start' in found)) {
      const kept = Math.max(bodyEnd, 0)
      await more(kept, isInPart ? 'it ends early' : 'its boundary does not occur in it')
      at = Math.max(at - kept, 0)
      from = Math.min(bodyEnd, 0)
      continue
    }
    if (isInPart) yield { kind: 'end' }
    if (found.isLast) return
    // A part may have no headers: then the blank line begins with the delimiter's own line end.
    at = found.end - 2
    let end = blankLineAt(bytes, at)
    while (end === -1) {
      await more(at, 'it ends early')
      at = 0
      end = blankLineAt(bytes, at)
    }
    yield { kind: 'part', headers: headersOf(bytes.subarray(at + 2, end)) }
    isInPart = true
    at = end + 4
    // A part without bytes may share its line end with the next delimiter.
    from = end + 2
  }
}

/** Throws `invalid_request`: "the form cannot be read: …" with `why`. */
export function malformed(why: string): never {
  fail({ code: 'invalid_request', issues: [{ field: '', message: `the form cannot be read: ${why}` }] })
}

function tooManyHeaders(): never {
  malformed(`a part has more than ${headersMax} headers, or more than ${headersMaxBytes} bytes of them`)
}

/** Where CRLF CRLF is; -1 when it is not there. */
function blankLineAt(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(carriageReturn, from); at !== -1; at = bytes.indexOf(carriageReturn, at + 1))
    if (bytes[at + 1] === lineFeed && bytes[at + 2] === carriageReturn && bytes[at + 3] === lineFeed)
      return at
  return -1
}

/** The headers in `block`; folded ones are unfolded (RFC 5322, section 2.2.3). */
function headersOf(block: Uint8Array): Record<string, string> {
  const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(block)
  const headers: Record<string, string> = Object.create(null)
  if (text === '') return headers
  const lines = text.replace(/\r\n[ \t]/g, ' ').split('\r\n')
  if (block.length > headersMaxBytes || lines.length > headersMax) tooManyHeaders()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([\w!#$%&'*+.^`|~-]+)[ \t]*:(.*)$/s.exec(line) ?? []
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what headers may not contain is looked for
    if (name === '' || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      malformed(line.includes('\n') ? 'its lines must end in CRLF' : 'it has malformed headers')
    headers[name.toLowerCase()] ??= value.trim()
  }
  return headers
}
