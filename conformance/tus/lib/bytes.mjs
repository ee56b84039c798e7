/**
 * Bytes that look like those of no known type, the same ones for the same seed.
 * @param {number} length
 * @param {number} [seed]
 * @returns {Buffer}
 */
export function sample(length, seed = 1) {
  const bytes = Buffer.allocUnsafe(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** Text as the value of a metadata pair is written. */
export function base64(text) {
  return Buffer.from(text).toString('base64')
}
