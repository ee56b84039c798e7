import { createCipheriv, createHash } from 'node:crypto'

/** No signature of a file type begins like this, whatever follows. */
const beginning = Buffer.from('slipway soak\n')

/** `byteSize` bytes that are always the same for `seed`, so that they need not be kept to be compared. */
export function bytesOf({ seed, byteSize }) {
  const keystream = createCipheriv(
    'aes-256-ctr',
    createHash('sha256').update(seed).digest(),
    Buffer.alloc(16),
  )
  const bytes = keystream.update(Buffer.alloc(byteSize))
  beginning.copy(bytes)
  return bytes
}

export function digestOf(algorithm, bytes, encoding = 'hex') {
  return createHash(algorithm).update(bytes).digest(encoding)
}

/** Random choices that are the same for the same `seed` (an xorshift generator, after Marsaglia 2003). */
export class Chance {
  #state

  constructor(seed) {
    this.#state = createHash('sha256').update(seed).digest().readUInt32LE() || 1
  }

  /** From 0 up to, not including, 1. */
  next() {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 2 ** 32
  }

  /** A whole number, both ends included. */
  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  isTrue(probability) {
    return this.next() < probability
  }

  /** One of `choices`; undefined when there is none. */
  among(choices) {
    return choices[Math.floor(this.next() * choices.length)]
  }
}
