/** `value` as a number if it is a string of digits, as clients send it that keep every value as text. */
export function integerOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
}

/** The boolean that `text` is in any of its usual spellings; null when it is none. */
export function parseBoolean(text: string): boolean | null {
  const word = text.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  return ['false', '0', 'no', 'off'].includes(word) ? false : null
}
