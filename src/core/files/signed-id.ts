import { type FileId, type OrganizationId, parseFileId } from '../ids'
import { createMac, type SigningSecrets } from '../mac'

/** What a signed id stands for. An id that was signed for another organization or purpose does not verify. */
export type SignedSubject = {
  fileId: FileId
  organizationId: OrganizationId
  /** What the id may be used for: `blob` for looking up and downloading. */
  purpose: string
  /** Milliseconds since 1970 UTC; null: never. */
  expiresAt: number | null
}

/** Ids that only the gateway can make. */
export interface SignedIds {
  /** An opaque id of 76 characters of `[A-Za-z0-9_-]`. The same subject gives the same id under the same secret. */
  sign(subject: SignedSubject): Promise<string>
  /** The file that `text` was signed for; null for another organization or purpose, a forgery, or after its expiry. */
  verify(
    text: string,
    expected: { organizationId: OrganizationId; purpose: string; now: number },
  ): Promise<FileId | null>
}

const version = 1
const macAt = 25
/** A multiple of 3, so that base64 has no spare bits and every changed character changes a byte. */
const byteLength = 57

/** An id is a version byte, the file id, its expiry (0: none) and the MAC over these with organization and purpose. */
export function createSignedIds(secrets: SigningSecrets): SignedIds {
  const mac = createMac(secrets, 'slipway signed id')
  return {
    async sign({ fileId, organizationId, purpose, expiresAt }) {
      const bytes = new Uint8Array(byteLength)
      const view = new DataView(bytes.buffer)
      view.setUint8(0, version)
      bytes.set(Uint8Array.fromHex(fileId.replaceAll('-', '')), 1)
      view.setBigUint64(17, BigInt(expiresAt ?? 0))
      const message = messageOf(bytes, organizationId, purpose)
      bytes.set(await mac.sign(message), macAt)
      return bytes.toBase64({ alphabet: 'base64url' })
    },

    async verify(text, { organizationId, purpose, now }) {
      // `fromBase64` would overlook white space.
      if (!/^[A-Za-z0-9_-]{76}$/.test(text)) return null
      const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
      const message = messageOf(bytes, organizationId, purpose)
      if (!(await mac.verify(bytes.subarray(macAt), message)) || bytes[0] !== version) return null
      const expiresAt = Number(new DataView(bytes.buffer).getBigUint64(17))
      if (expiresAt !== 0 && expiresAt <= now) return null
      const hex = bytes.subarray(1, 17).toHex()
      return parseFileId(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
    },
  }
}

/** What is signed. As JSON, no two subjects give the same. */
function messageOf(bytes: Uint8Array, organizationId: OrganizationId, purpose: string): Uint8Array {
  const payload = bytes.subarray(0, macAt).toHex()
  return new TextEncoder().encode(JSON.stringify([purpose, organizationId, payload]))
}
