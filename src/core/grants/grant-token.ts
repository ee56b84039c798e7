import type { Metadata } from '../files/metadata'
import type { GrantId, OrganizationId } from '../ids'
import { createMac, macByteLength, type SigningSecrets } from '../mac'
import type { Grant } from './grant'

/** What the token of a grant begins with. */
export const grantTokenPrefix = 'slipgrant_'

/** The most bytes that content types, metadata and origins may have together as JSON: a token has to fit into a URL. */
export const grantTermsMaxBytes = 4096
/** The longest token that such terms make, in characters, with room for what else it says. */
const tokenMaxLength = 6000

/** Tokens that only the gateway can make. */
export interface GrantTokens {
  /** The same token for the same grant, under the same secret. */
  make(grant: Grant): Promise<string>
  /** What `token` says; null when it was not made here, or was changed. Says nothing about expiry and revocation. */
  read(token: string): Promise<Grant | null>
}

type Written = [
  version: 1,
  id: string,
  organizationId: string,
  maxBytes: number,
  maxFiles: number,
  expiresAt: number,
  contentTypes: readonly string[] | null,
  metadata: Metadata,
  origins: readonly string[] | null,
]

/** A token is the prefix and the base64url of the grant's terms as JSON, blanks, and the MAC over both. */
export function createGrantTokens(secrets: SigningSecrets): GrantTokens {
  const mac = createMac(secrets, 'slipway grant')
  return {
    async make(grant) {
      const { id, organizationId, maxBytes, maxFiles, expiresAt, contentTypes, metadata, origins } = grant
      const written: Written = [
        1,
        id,
        organizationId,
        maxBytes,
        maxFiles,
        expiresAt,
        contentTypes,
        metadata,
        origins,
      ]
      const terms = padded(new TextEncoder().encode(JSON.stringify(written)))
      const bytes = new Uint8Array(terms.length + macByteLength)
      bytes.set(terms)
      bytes.set(await mac.sign(terms), terms.length)
      return grantTokenPrefix + bytes.toBase64({ alphabet: 'base64url' })
    },

    async read(token) {
      if (token.length > tokenMaxLength) return null
      const [, base64] = /^slipgrant_((?:[A-Za-z0-9_-]{4})+)$/.exec(token) ?? []
      if (base64 === undefined) return null
      const bytes = Uint8Array.fromBase64(base64, { alphabet: 'base64url' })
      const [terms, tag] = [bytes.subarray(0, -macByteLength), bytes.subarray(-macByteLength)]
      if (!(await mac.verify(tag, terms))) return null
      const written = JSON.parse(new TextDecoder().decode(terms)) as Written
      const [, id, organizationId, maxBytes, maxFiles, expiresAt, contentTypes, metadata, origins] = written
      return {
        id: id as GrantId,
        organizationId: organizationId as OrganizationId,
        ...{ maxBytes, maxFiles, expiresAt, contentTypes, metadata, origins },
      }
    },
  }
}

/**
 * With blanks after it, which mean nothing in JSON: terms and MAC are then a multiple of three bytes, so that the base64 has
 * no spare bits and every changed character changes a byte.
 */
function padded(json: Uint8Array): Uint8Array {
  const length = Math.ceil((json.length + macByteLength) / 3) * 3 - macByteLength
  const bytes = new Uint8Array(length).fill(0x20)
  bytes.set(json)
  return bytes
}
