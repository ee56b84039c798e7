/** A part of a representation: its first byte and how many. */
export type ByteRange = { offset: number; length: number }

/**
 * The one range of `byteSize` bytes that a `Range` header asks for (RFC 9110, section 14.2), its unit in any case. Null
 * when the whole is to be sent: no header, another unit, a malformed one, or several ranges (a server may ignore these,
 * and attackers use them to make small requests costly). `unsatisfiable` when the range begins after the end.
 */
export function parseByteRange(
  header: string | undefined,
  byteSize: number,
): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '')
  if (match === null) return null
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), byteSize)
    return length === 0 ? 'unsatisfiable' : { offset: byteSize - length, length }
  }
  const offset = Number(first)
  if (last !== '' && Number(last) < offset) return null
  if (offset >= byteSize) return 'unsatisfiable'
  const end = last === '' ? byteSize - 1 : Math.min(Number(last), byteSize - 1)
  return { offset, length: end - offset + 1 }
}
