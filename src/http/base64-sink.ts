import { fail, failField } from '../core/errors'

/** What base64 text may contain besides its alphabet, as WHATWG and `Uint8Array.fromBase64` define it. */
const whitespace = /[\t\n\f\r ]+/g

/** How large the buffer is at first. */
const firstBytes = 16 * 1024

/**
 * Decodes base64 text (RFC 4648, section 4: padded, zero trailing bits) that arrives in pieces. One buffer, which grows with
 * what has arrived. Tolerates ASCII whitespace. `push` and `end` throw `invalid_request` about `field`, and
 * `content_too_large` as soon as there are more than `maxBytes`.
 */
export class Base64Sink {
  readonly #field: string
  readonly #maxBytes: number
  /** Resizable: it grows in place, so no bytes are copied and no smaller buffer is left behind as garbage. */
  readonly #memory: ArrayBuffer
  /** All of `#memory`, however large it is. */
  readonly #buffer: Uint8Array<ArrayBuffer>
  #length = 0
  /** Up to three characters, which are no group of four yet. */
  #carry = ''
  /** The text from the first `=` on, without whitespace; null before it. Only padding is allowed there. */
  #padding: string | null = null

  /** `expectedBytesMax`: the most decoded bytes that the body's length allows; null when that is unknown. */
  constructor(field: string, maxBytes: number, expectedBytesMax: number | null) {
    this.#field = field
    this.#maxBytes = maxBytes
    // One group of three more than the limit fits, so that too much input is noticed as such.
    const maxByteLength = Math.min(maxBytes, expectedBytesMax ?? maxBytes) + 3
    this.#memory = new ArrayBuffer(Math.min(firstBytes, maxByteLength), { maxByteLength })
    this.#buffer = new Uint8Array(this.#memory)
  }

  push(text: string): void {
    if (this.#padding !== null) {
      this.#pushPadding(text)
      return
    }
    const padding = text.indexOf('=')
    this.#decode(padding === -1 ? text : text.slice(0, padding))
    if (padding !== -1) {
      this.#padding = ''
      this.#pushPadding(text.slice(padding))
    }
  }

  /** The decoded bytes. */
  end(): Uint8Array<ArrayBuffer> {
    const last = this.#carry + (this.#padding ?? '')
    const bytes = this.#orRefuse(() => Uint8Array.fromBase64(last, { lastChunkHandling: 'strict' }))
    const length = this.#length + bytes.length
    this.#makeRoomFor(bytes.length)
    if (length > this.#maxBytes || length > this.#buffer.length) this.#refuseSize()
    this.#buffer.set(bytes, this.#length)
    return this.#buffer.subarray(0, length)
  }

  #decode(text: string): void {
    const input = this.#carry + text
    // Four characters are three bytes.
    this.#makeRoomFor(Math.ceil(input.length / 4) * 3)
    const room = this.#buffer.subarray(this.#length)
    const { read, written } = this.#orRefuse(() =>
      room.setFromBase64(input, { lastChunkHandling: 'stop-before-partial' }),
    )
    this.#length += written
    this.#carry = input.slice(read).replace(whitespace, '')
    // Four characters are left only if the buffer had no room for them.
    if (this.#length > this.#maxBytes || this.#carry.length > 3) this.#refuseSize()
  }

  /** Makes room for `byteLength` more bytes, as far as the limit allows. */
  #makeRoomFor(byteLength: number): void {
    const { byteLength: capacity, maxByteLength } = this.#memory
    const needed = this.#length + byteLength
    if (needed > capacity) this.#memory.resize(Math.min(Math.max(needed, 2 * capacity), maxByteLength))
  }

  #pushPadding(text: string): void {
    this.#padding += text.replace(whitespace, '')
    if ((this.#padding ?? '').length > 2) this.#refuse()
  }

  #orRefuse<T>(step: () => T): T {
    try {
      return step()
    } catch {
      return this.#refuse()
    }
  }

  #refuse(): never {
    failField(this.#field, 'must be padded base64 (RFC 4648), not a data URL or base64url')
  }

  #refuseSize(): never {
    fail({ code: 'content_too_large', limitBytes: this.#maxBytes })
  }
}
