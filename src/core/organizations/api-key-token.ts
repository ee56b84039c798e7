import { type OrganizationId, type Sha256, sha256Of } from '../ids'
import { createMac, type SigningSecrets } from '../mac'
import { type ApiKey, apiKeyPrefix } from './api-key'
import {
  apiKeyMacByteLength,
  apiKeyPattern,
  claimsOf,
  expiryAt,
  organizationAt,
  scopeBits,
  secretAt,
} from './api-key-claims'

/** What a token says of its key. */
export type ApiKeyClaims = Pick<ApiKey, 'id' | 'organizationId' | 'scopes' | 'expiresAt'>

/** Tokens that only the gateway can make. */
export interface ApiKeyTokens {
  /** A token with 256 bits of `secret`, and the SHA-256 of its secret part, by which the database recognises it. */
  make(claims: ApiKeyClaims, secret: Uint8Array): Promise<{ token: string; secretSha256: Sha256 }>
  /** What `token` says and the SHA-256 of its secret part; null when it was not made here, or was changed. */
  read(token: string): Promise<(ApiKeyClaims & { secretSha256: Sha256 }) | null>
}

const version = 1

/**
 * A token is `slip_{id}_` and the base64url of its claims, its secret and the MAC over the id and these. Its secret part
 * is all but id and MAC: a version byte, the scopes as bits, the expiry (0: none), 32 random bytes, and the organization's
 * id. The database keeps the SHA-256 of that part, so a key with other claims is another key for it, even under a valid
 * MAC.
 */
export function createApiKeyTokens(secrets: SigningSecrets): ApiKeyTokens {
  const mac = createMac(secrets, 'slipway api key')
  return {
    async make(claims, secret) {
      const secretPart = encode(claims, secret)
      const tag = await mac.sign(signedOf(claims.id, secretPart))
      const rest = concatenated(secretPart, tag).toBase64({ alphabet: 'base64url' })
      return { token: `${apiKeyPrefix(claims.id)}_${rest}`, secretSha256: await sha256Of(secretPart) }
    },

    async read(token) {
      // Whole groups of four: base64 has then no spare bits, and every changed character changes a byte.
      const match = apiKeyPattern.exec(token)
      const [, id = '', rest = ''] = match ?? []
      if (match === null) return null
      const bytes = Uint8Array.fromBase64(rest, { alphabet: 'base64url' })
      const [secretPart, tag] = [
        bytes.subarray(0, -apiKeyMacByteLength),
        bytes.subarray(-apiKeyMacByteLength),
      ]
      if (!(await mac.verify(tag, signedOf(id, secretPart))) || secretPart[0] !== version) return null
      const claims = claimsOf(secretPart)
      const organizationId = claims.organizationId as OrganizationId
      return { id, ...claims, organizationId, secretSha256: await sha256Of(secretPart) }
    },
  }
}

/** Zeros after the organization's id make the token a multiple of three bytes. */
function encode(
  { organizationId, scopes: granted, expiresAt }: ApiKeyClaims,
  secret: Uint8Array,
): Uint8Array {
  const length = organizationAt + organizationId.length + apiKeyMacByteLength
  const bytes = new Uint8Array(Math.ceil(length / 3) * 3 - apiKeyMacByteLength)
  bytes[0] = version
  for (const scope of granted) bytes[1] = (bytes[1] ?? 0) | scopeBits[scope]
  new DataView(bytes.buffer).setBigUint64(expiryAt, BigInt(expiresAt ?? 0))
  bytes.set(secret, secretAt)
  bytes.set(new TextEncoder().encode(organizationId), organizationAt)
  return bytes
}

/** What the MAC is of. All ids have the same length. */
function signedOf(id: string, secretPart: Uint8Array): Uint8Array {
  return concatenated(new TextEncoder().encode(id), secretPart)
}

function concatenated(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
