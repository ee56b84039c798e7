declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** 1–63 of `[a-z0-9-]`. */
export type OrganizationId = Brand<string, 'OrganizationId'>
/** A UUIDv7 in lower case: the text order of file ids is the order in which files were made. */
export type FileId = Brand<string, 'FileId'>
/** A UUIDv7 in lower case: the text order of ids is the order in which grants were made. */
export type GrantId = Brand<string, 'GrantId'>
/** A file of an organization. */
export type FileKey = { readonly organizationId: OrganizationId; readonly id: FileId }
/** Where bytes are in the bucket; made by the gateway from `[A-Za-z0-9/_.-]` only. */
export type ObjectKey = Brand<string, 'ObjectKey'>
/** 64 lower-case hexadecimal digits. */
export type Sha256 = Brand<string, 'Sha256'>
/** 32 lower-case hexadecimal digits. */
export type Md5 = Brand<string, 'Md5'>

/** The organization id that `text` is, or null. */
export function parseOrganizationId(text: string): OrganizationId | null {
  return /^[a-z0-9-]{1,63}$/.test(text) ? (text as OrganizationId) : null
}

/** The file id that `text` is (any case), or null. */
export function parseFileId(text: string): FileId | null {
  const lower = text.toLowerCase()
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower) ? (lower as FileId) : null
}

/**
 * A UUID of version 7: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7).
 * `now` in milliseconds since 1970 UTC; `random` is 16 random bytes, of which 10 are used.
 */
export function uuidV7(now: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 16))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(now / 2 ** 32))
  view.setUint32(2, now % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  return uuidOf(bytes.toHex())
}

/** The UUID of 32 hexadecimal digits. */
export function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The SHA-256 of `bytes`. */
export async function sha256Of(bytes: Uint8Array): Promise<Sha256> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex() as Sha256
}

/** The SHA-256 of the UTF-8 of `text`. */
export function sha256OfText(text: string): Promise<Sha256> {
  return sha256Of(new TextEncoder().encode(text))
}
