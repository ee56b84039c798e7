import { failField } from '../core/errors'
import { parseJson } from '../core/json'
import { Base64Sink } from './base64-sink'
import { JsonUnescaper } from './json-unescaper'

export type JsonUploadLimits = {
  /** The top-level field whose string is base64. */
  field: string
  /** The most bytes that field may decode to. */
  maxDecodedBytes: number
  /** The most decoded bytes that the body's length allows; null when that is unknown. */
  expectedBytesMax: number | null
}

export type JsonUpload = {
  /** The JSON object; its base64 field is '' if it was a string. */
  fields: { [name: string]: unknown }
  /** The decoded base64 field; null when it was absent or no string. */
  bytes: Uint8Array<ArrayBuffer> | null
}

/** The most bytes of a body outside the base64 text. */
export const envelopeMaxBytes = 64 * 1024
/** How much base64 becomes a string at once: short strings are collected as soon as they were used. */
const pieceBytes = 32 * 1024
/** How deep the JSON may be nested. */
export const jsonMaxDepth = 32

const quote = 0x22
const backslash = 0x5c
const [openBrace, closeBrace, openBracket, closeBracket, comma, colon] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a]

/**
 * Reads a JSON object that arrives in chunks, cut anywhere, and decodes one base64 field on the way, so
 * that neither the body nor the text is ever held whole.
 *
 * The scanner only knows where strings and containers begin and end. It copies everything but the base64 text, which
 * it replaces by `""`, into a small envelope, and has JSON.parse parse that: JSON.parse accepts the envelope exactly if
 * it would accept the whole body.
 */
export class JsonUploadScanner {
  readonly #limits: JsonUploadLimits
  readonly #envelope = new Uint8Array(envelopeMaxBytes)
  #length = 0
  #mode: 'structure' | 'string' | 'base64' = 'structure'
  #depth = 0
  /** The outermost value is an object, and its next string is a name. */
  #expectsName = false
  /** Where the name that is being read begins in the envelope; null outside a name. */
  #nameStart: number | null = null
  #isUploadField = false
  #seenField = false
  #escaped = false
  #sink: Base64Sink | null = null
  #bytes: Uint8Array<ArrayBuffer> | null = null
  readonly #unescaper = new JsonUnescaper()

  constructor(limits: JsonUploadLimits) {
    this.#limits = limits
  }

  /** Takes the next bytes of the body. Keeps no reference to them. Throws as `Base64Sink` and `end` do. */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#mode === 'base64') at = this.#scanBase64(chunk, at)
      else this.#scan(chunk[at++] as number)
    }
  }

  /** Ends the body and returns what it held. Throws `invalid_request` when it was not one JSON object. */
  end(): JsonUpload {
    let value: unknown
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
        this.#envelope.subarray(0, this.#length),
      )
      if (this.#mode !== 'structure') throw new SyntaxError('unterminated string')
      value = parseJson(text)
    } catch {
      failField('', 'the body is not valid JSON')
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      failField('', 'the body must be a JSON object')
    return { fields: value as JsonUpload['fields'], bytes: this.#bytes }
  }

  #scan(byte: number): void {
    if (this.#mode === 'string') this.#scanString(byte)
    else if (byte === quote) this.#openString()
    else this.#scanStructure(byte)
  }

  #scanStructure(byte: number): void {
    this.#keep(byte)
    switch (byte) {
      case openBrace:
      case openBracket:
        if (++this.#depth > jsonMaxDepth) failField('', `must be at most ${jsonMaxDepth} levels deep`)
        if (this.#depth === 1) this.#expectsName = byte === openBrace
        break
      case closeBrace:
      case closeBracket:
        this.#depth--
        break
      case comma:
        if (this.#depth === 1) {
          this.#expectsName = true
          this.#isUploadField = false
        }
        break
      case colon:
        if (this.#depth === 1) this.#expectsName = false
        break
    }
  }

  #openString(): void {
    if (this.#depth === 1 && this.#isUploadField && !this.#expectsName) {
      this.#isUploadField = false
      this.#keep(quote)
      this.#keep(quote)
      const { field, maxDecodedBytes, expectedBytesMax } = this.#limits
      this.#sink = new Base64Sink(field, maxDecodedBytes, expectedBytesMax)
      this.#mode = 'base64'
      return
    }
    this.#mode = 'string'
    if (this.#depth === 1 && this.#expectsName) this.#nameStart = this.#length
    this.#keep(quote)
  }

  #scanString(byte: number): void {
    this.#keep(byte)
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) {
      this.#mode = 'structure'
      if (this.#nameStart !== null) this.#readName(this.#nameStart)
    }
  }

  #readName(start: number): void {
    this.#nameStart = null
    const text = new TextDecoder().decode(this.#envelope.subarray(start, this.#length))
    const { field } = this.#limits
    this.#isUploadField = text === `"${field}"` || (text.includes('\\') && unescapeName(text) === field)
    if (this.#isUploadField && this.#seenField) failField(field, 'must be given once')
    this.#seenField ||= this.#isUploadField
  }

  #keep(byte: number): void {
    if (this.#length === envelopeMaxBytes)
      failField('', `everything but ${this.#limits.field} must be at most ${envelopeMaxBytes} bytes`)
    this.#envelope[this.#length++] = byte
  }

  /** Reads a piece of base64 text from `start` on; returns where it stopped, at the latest after the closing quote. */
  #scanBase64(chunk: Uint8Array, start: number): number {
    const piece = chunk.subarray(start, start + pieceBytes)
    const closing = piece.indexOf(quote)
    const text = this.#unescaper.push(closing === -1 ? piece : piece.subarray(0, closing))
    if (text === null) failField('', 'the body is not valid JSON')
    this.#sink?.push(text)
    if (closing === -1) return start + piece.length
    this.#closeBase64()
    return start + closing + 1
  }

  #closeBase64(): void {
    // The string ends inside an escape. (A backslash before the quote escapes it, and then the quote is refused as no base64.)
    if (this.#unescaper.isInside === 'digits') failField('', 'the body is not valid JSON')
    if (this.#unescaper.isInside === 'backslash') this.#sink?.push('"')
    this.#bytes = this.#sink?.end() ?? null
    this.#sink = null
    this.#mode = 'structure'
  }
}

function unescapeName(text: string): string | null {
  try {
    return JSON.parse(text) as string
  } catch {
    return null
  }
}
