/** The longest filename that is kept, in bytes of UTF-8. */
export const filenameMaxBytes = 255

// Control characters (C0, DEL, C1) and the characters that turn or hide the reading direction of what
// follows ("exe.fdp" shown as "pdf.exe"): Unicode Bidi_Control.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const unpaired = /\p{Surrogate}/gu
const separators = /[/\\]/g

/**
 * How much of a name is normalized, in UTF-16 code units. More than composing can leave in 255 bytes; and few, as sorting
 * the combining marks of one letter takes time that grows with the square of their number.
 */
const stemMaxUnits = 1024
const extensionMaxUnits = 128

/**
 * A filename that is safe to show and to store: NFC, no control or bidirectional override characters,
 * path separators replaced by `-` (as Rails does), at most 255 bytes of UTF-8 with the extension kept.
 * Null when nothing is left of it.
 */
export function sanitizeFilename(text: string): string | null {
  const visible = text.replace(unpaired, '\ufffd').replace(invisible, '').replace(separators, '-').trim()
  // Normalize last: a removed character may have stood between a letter and its accent.
  const clean = cut(visible).normalize('NFC').trim()
  return clean === '' ? null : shorten(clean)
}

/** The beginning of a name and its extension, if it is one: more of each than is kept in the end. */
function cut(name: string): string {
  if (name.length <= stemMaxUnits + extensionMaxUnits) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && name.length - dot <= extensionMaxUnits ? name.slice(dot) : ''
  return name.slice(0, Math.min(stemMaxUnits, name.length - extension.length)).toWellFormed() + extension
}

function shorten(name: string): string {
  if (utf8Length(name) <= filenameMaxBytes) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && utf8Length(name.slice(dot)) <= 32 ? name.slice(dot) : ''
  let room = filenameMaxBytes - utf8Length(extension)
  let stem = ''
  for (const char of name.slice(0, name.length - extension.length)) {
    room -= utf8Length(char)
    if (room < 0) break
    stem += char
  }
  return stem.trimEnd() + extension
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
