import type { Md5, Sha256 } from '../../core/ids'

export type Checksum = { md5: Md5 | null; sha256: Sha256 | null }

const md5Length = 16
const sha256Length = 32

/**
 * What `text` promises: base64 of 16 bytes is an MD5 (as the Rails client sends it), of 32 bytes a SHA-256,
 * which newer Rails writes `sha256:<base64>`. Null for anything else; padding is required.
 */
export function parseChecksum(text: string): Checksum | null {
  const isPrefixed = text.startsWith('sha256:')
  const bytes = fromStrictBase64(isPrefixed ? text.slice('sha256:'.length) : text)
  if (bytes?.length === md5Length && !isPrefixed) return { md5: bytes.toHex() as Md5, sha256: null }
  if (bytes?.length === sha256Length) return { md5: null, sha256: bytes.toHex() as Sha256 }
  return null
}

/** `fromBase64` alone would overlook white space and spare bits: one checksum has one spelling. */
function fromStrictBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]{22}==$|^[A-Za-z0-9+/]{43}=$/.test(text)) return null
  const bytes = Uint8Array.fromBase64(text)
  return bytes.toBase64() === text ? bytes : null
}
