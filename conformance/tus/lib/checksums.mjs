import { createHash, getHashes } from 'node:crypto'

/**
 * The value of Upload-Checksum, or null for an algorithm that Node cannot compute.
 * @param {string} algorithm as the server names it
 * @param {Buffer} bytes
 * @returns {string | null}
 */
export function checksum(algorithm, bytes) {
  if (algorithm === 'crc32') return `crc32 ${crc32(bytes).toString('base64')}`
  const name = getHashes().find((hash) => hash.toLowerCase().replace('-', '') === algorithm.replace('-', ''))
  return name ? `${algorithm} ${createHash(name).update(bytes).digest('base64')}` : null
}

/** Four bytes, the most significant first. */
function crc32(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return digest
}
