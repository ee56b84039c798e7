/**
 * Whether bytes may be the beginning of a text, or all of one, in any encoding: UTF-8, an 8-bit or multi-byte
 * legacy encoding, or UTF-16 or UTF-32 behind a byte order mark. Text has no NUL and hardly any other control
 * characters; a final Ctrl-Z (CP/M's end of file) and NUL padding do not count.
 */
export function isPlausibleText(bytes: Uint8Array): boolean {
  const wide = wideEncodingOf(bytes)
  // Most binary formats put a control character among their first bytes, so that they are not taken for text.
  if (wide === null && bytes.subarray(0, 4).some(isControl)) return false
  return wide === null ? hasFewControls(withoutPadding(bytes)) : isWideText(bytes, wide)
}

/** How many control characters a text may have, besides those that lay it out: 1 in 256. */
const charactersPerControl = 256

function hasFewControls(characters: ArrayLike<number>): boolean {
  let controls = 0
  for (let at = 0; at < characters.length; at++) {
    const code = characters[at] ?? 0
    if (code === 0) return false
    if (isControl(code)) controls++
  }
  return controls * charactersPerControl <= characters.length
}

/** Tab to carriage return lay text out; shift out, shift in and escape choose character sets (ISO 2022). */
function isControl(code: number): boolean {
  return code === 0x7f || (code < 0x20 && !(code >= 0x09 && code <= 0x0f) && code !== 0x1b)
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x1a)) end--
  return bytes.subarray(0, end)
}

type Wide = { unitBytes: 2 | 4; isLittleEndian: boolean }

function wideEncodingOf(bytes: Uint8Array): Wide | null {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe)
    return { unitBytes: c === 0 && d === 0 && bytes.length > 4 ? 4 : 2, isLittleEndian: true }
  if (a === 0xfe && b === 0xff) return { unitBytes: 2, isLittleEndian: false }
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return { unitBytes: 4, isLittleEndian: false }
  return null
}

function isWideText(bytes: Uint8Array, { unitBytes, isLittleEndian }: Wide): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const units = Array.from({ length: Math.floor(bytes.length / unitBytes) }, (_, at) =>
    unitBytes === 2
      ? view.getUint16(at * unitBytes, isLittleEndian)
      : view.getUint32(at * unitBytes, isLittleEndian),
  )
  return units.every((unit) => unit <= 0x10ffff) && hasFewControls(units)
}
