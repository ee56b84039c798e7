import { type FileId, parseFileId } from '../ids'

/** An opaque, URL-safe cursor for the page that begins after file `id`. */
export function formatCursor(id: FileId): string {
  return Uint8Array.fromHex(id.replaceAll('-', '')).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** The file a cursor stands for, or null when `text` is not a cursor. Says nothing about whether it exists. */
export function parseCursor(text: string): FileId | null {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) return null
  const hex = Uint8Array.fromBase64(text, { alphabet: 'base64url' }).toHex()
  const id = parseFileId(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
  return id !== null && formatCursor(id) === text ? id : null
}
