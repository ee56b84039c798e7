const [backslash, slash, letterU] = [0x5c, 0x2f, 0x75]
/** The first character that JSON strings may contain (RFC 8259, section 7). */
const firstAllowed = 0x20
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controlCharacter = /[\u0000-\u001f]/
/** Stands for every character that is not ASCII: none of them is base64. */
const notAscii = 0xff
const invalid = 0xff

/** The character that each letter after a backslash means, and the value of each hexadecimal digit. */
const meanings = tableOf({ '"': 0x22, '\\': backslash, '/': slash, b: 8, f: 12, n: 10, r: 13, t: 9 })
const hexValues = tableOf(
  Object.fromEntries([...'0123456789abcdefABCDEF'].map((digit) => [digit, Number.parseInt(digit, 16)])),
)

/**
 * Removes the escapes from the inside of a JSON string that is expected to be ASCII and arrives in pieces, cut anywhere.
 * Looks at each byte once, however many escapes there are; a piece without escapes is passed on as it is.
 */
export class JsonUnescaper {
  #scratch = new Uint8Array()
  /** How many bytes of an escape sequence have been read: 1 is the backslash, 2 the `u`. */
  #position = 0
  #code = 0

  /** Whether the text read so far ends inside an escape: behind its backslash, or among the digits of `\uXXXX`. */
  get isInside(): 'backslash' | 'digits' | null {
    if (this.#position === 0) return null
    return this.#position === 1 ? 'backslash' : 'digits'
  }

  /**
   * `text` without escapes; null when no JSON string contains it. Each character beyond ASCII comes out as some character
   * beyond ASCII.
   */
  push(text: Uint8Array): string | null {
    if (this.#position === 0 && !text.includes(backslash)) {
      const plain = asciiOf(text)
      return controlCharacter.test(plain) ? null : plain
    }
    if (this.#scratch.length < text.length) this.#scratch = new Uint8Array(text.length)
    const length = this.#unescape(text, this.#scratch)
    return length === null ? null : asciiOf(this.#scratch.subarray(0, length))
  }

  /** Writes `text` without escapes to `to` and returns its length, which is never more than that of `text`. */
  #unescape(text: Uint8Array, to: Uint8Array): number | null {
    let [position, code, length] = [this.#position, this.#code, 0]
    for (let at = 0; at < text.length; at++) {
      const byte = text[at] as number
      if (byte < firstAllowed) return null
      if (position === 0) {
        if (byte === backslash) position = 1
        else to[length++] = byte
      } else if (position === 1) {
        const meaning = meanings[byte] as number
        if (byte !== letterU && meaning === invalid) return null
        if (byte !== letterU) to[length++] = meaning
        position = byte === letterU ? 2 : 0
        code = 0
      } else {
        const value = hexValues[byte] as number
        if (value === invalid) return null
        code = code * 16 + value
        position = position === 5 ? 0 : position + 1
        if (position === 0) to[length++] = code < 0x80 ? code : notAscii
      }
    }
    this.#position = position
    this.#code = code
    return length
  }
}

/**
 * Decodes with `TextDecoder`, as nothing is faster. Bytes over 0x7f may come out as any characters beyond ASCII; a byte
 * order mark must be kept, so that it is refused.
 */
function asciiOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
}

function tableOf(entries: { [character: string]: number }): Uint8Array {
  const table = new Uint8Array(256).fill(invalid)
  for (const [character, value] of Object.entries(entries)) table[character.charCodeAt(0)] = value
  return table
}
