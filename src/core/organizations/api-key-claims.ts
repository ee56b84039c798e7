// Imports nothing: the console in the browser reads keys with it, and has other types than the Worker.

/** How the token of a key is written: its id, and the base64url of whole groups of three bytes. */
export const apiKeyPattern = /^slip_([0-9a-f]{16})_((?:[A-Za-z0-9_-]{4}){25,46})$/

/** Where the secret part of a token has what; it begins with the version and the scopes. The MAC is behind it. */
export const expiryAt = 2
export const secretAt = 10
export const secretByteLength = 32
export const organizationAt = secretAt + secretByteLength
export const apiKeyMacByteLength = 32

/** One bit each. */
export const scopeBits = { 'files:read': 1, 'files:write': 2, 'org:admin': 4 } as const
type NamedScope = keyof typeof scopeBits

/** What the secret part of a token says of its key; `expiresAt` in ms since 1970 UTC, null: never. The MAC proves it. */
export function claimsOf(secretPart: Uint8Array): {
  organizationId: string
  scopes: NamedScope[]
  expiresAt: number | null
} {
  const bits = secretPart[1] ?? 0
  const view = new DataView(secretPart.buffer, secretPart.byteOffset, secretPart.byteLength)
  return {
    organizationId: new TextDecoder().decode(secretPart.subarray(organizationAt)).replace(/\0+$/, ''),
    scopes: (Object.keys(scopeBits) as NamedScope[]).filter((scope) => (bits & scopeBits[scope]) !== 0),
    expiresAt: Number(view.getBigUint64(expiryAt)) || null,
  }
}
