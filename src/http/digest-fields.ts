import { failField } from '../core/errors'
import type { Sha256 } from '../core/ids'
import { dictionary } from './structured-fields'

/**
 * The SHA-256 that a digest field promises (RFC 9530); null: none. Other digests are not compared. Throws `invalid_request`
 * about `field` for a `sha-256` that is none: a client that promises one wants it compared.
 */
export function promisedSha256(header: string | undefined, field: string): Sha256 | null {
  const members = dictionary(header)
  const value = members === null ? unparsed.exec(header ?? '')?.[0] : members.get('sha-256')
  if (value === undefined) return null
  const bytes = bytesOf(value)
  if (bytes?.length !== sha256Bytes) failField(field, 'must be sha-256=:<base64 of 32 bytes>: (RFC 9530)')
  return bytes.toHex() as Sha256
}

/** Where a malformed field seems to have a SHA-256. */
const unparsed = /\bsha-256\s*=/

/** Whether a `Want-Repr-Digest` field asks for a SHA-256: with any weight but 0 (RFC 9530, section 4). */
export function wantsSha256(header: string | undefined): boolean {
  return /^([1-9]|10)$/.test(dictionary(header)?.get('sha-256') ?? '')
}

/** The value of a digest field with `sha256`. */
export function sha256Field(sha256: Sha256): string {
  return `sha-256=:${Uint8Array.fromHex(sha256).toBase64()}:`
}

const sha256Bytes = 32

function bytesOf(byteSequence: string): Uint8Array | null {
  const base64 = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(byteSequence)?.[1]
  if (base64 === undefined) return null
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}
