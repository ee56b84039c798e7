/** `value` as a number where it is the digits of one, as clients send it that keep everything as text. */
export function integerOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
}

/** `value` as a boolean where it is one in another spelling: `"true"`, `1`, `"yes"`, `"on"` and their opposites. */
export function booleanOf(value: unknown): unknown {
  const word = typeof value === 'number' ? String(value) : value
  if (typeof word !== 'string' || word.length > 5) return value
  const lower = word.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(lower)) return true
  return ['false', '0', 'no', 'off'].includes(lower) ? false : value
}
