import type { Context } from 'hono'
import { failField } from '../../core/errors'
import { sanitizeFilename } from '../../core/files/filename'

/** `Upload-Length`; null: there is none. Throws `invalid_request`. */
export function lengthOf(c: Context): number | null {
  return countOf(c, 'Upload-Length')
}

/** `Upload-Offset`. Throws `invalid_request` without one. */
export function offsetOf(c: Context): number {
  return countOf(c, 'Upload-Offset') ?? failField('Upload-Offset', 'is required')
}

/** The name of the file, in UTF-8 that was taken for Latin-1, as the widget sends it; null: there is none. */
export function uploadNameOf(c: Context): string | null {
  const text = c.req.header('upload-name')
  return text === undefined ? null : sanitizeFilename(asUtf8(text))
}

/** Names that the runtime has decoded already have characters that no byte has. */
function asUtf8(text: string): string {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0))
  if (/[\u0100-\uffff]/.test(text)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return text
  }
}

function countOf(c: Context, name: string): number | null {
  const text = c.req.header(name)
  if (text === undefined) return null
  return /^\d{1,15}$/.test(text) ? Number(text) : failField(name, 'must be a whole number of bytes')
}
