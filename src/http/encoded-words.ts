/**
 * Encoded words (RFC 2047), as .NET Framework, Spring and JavaMail write a filename that is not ASCII: each is
 * `=?charset?B|Q?text?=`. White space between two of them belongs to neither. RFC 2047 forbids them inside quotes, but
 * clients write them there.
 */
const encodedWord = /=\?([\w.:+-]{1,40})(?:\*[\w-]{1,40})?\?([bq])\?([^?\r\n]{0,1024})\?=/gi

/** `text` with its encoded words decoded; unchanged when one of them cannot be decoded. */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text
  let decoded = ''
  let end = 0
  // Decode adjacent words of one charset together: some clients split a character over two words.
  let run: { charset: string; bytes: number[] } | null = null
  for (const [word, charset = '', encoding = '', payload = '', at] of wordsOf(text)) {
    const between = text.slice(end, at)
    const bytes = encoding.toLowerCase() === 'b' ? bytesOfBase64(payload) : bytesOfQuoted(payload)
    if (bytes === null) return text
    if (run !== null && between.trim() === '' && run.charset === charset.toLowerCase())
      run.bytes.push(...bytes)
    else {
      const before = flush(run)
      if (before === null) return text
      decoded += before + (run !== null && between.trim() === '' ? '' : between)
      run = { charset: charset.toLowerCase(), bytes: [...bytes] }
    }
    end = at + word.length
  }
  const last = flush(run)
  return last === null ? text : decoded + last + text.slice(end)
}

function* wordsOf(text: string): Generator<[string, string, string, string, number]> {
  for (const { 0: word, 1: charset = '', 2: encoding = '', 3: payload = '', index } of text.matchAll(
    encodedWord,
  ))
    yield [word, charset, encoding, payload, index]
}

function flush(run: { charset: string; bytes: number[] } | null): string | null {
  return run === null ? '' : decodeBytes(run.charset, Uint8Array.from(run.bytes))
}

/** The text of bytes in a charset, by any of its names (WHATWG Encoding); null for an unknown charset or invalid bytes. */
export function decodeBytes(charset: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

function bytesOfBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text)
  } catch {
    return null
  }
}

function bytesOfQuoted(text: string): Uint8Array | null {
  return bytesOfEscapes(text.replaceAll('_', ' '), '=')
}

/** The bytes of a text in which each is an ASCII character, or `mark` and two hexadecimal digits; null when one is neither. */
export function bytesOfEscapes(text: string, mark: '=' | '%'): Uint8Array | null {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const digits = text.slice(at + 1, at + 3)
    if (text[at] !== mark) bytes.push(code)
    else if (/^[0-9a-f]{2}$/i.test(digits)) {
      bytes.push(Number.parseInt(digits, 16))
      at += 2
    } else return null
    if (code > 0xff) return null
  }
  return Uint8Array.from(bytes)
}
