const date = '(?<year>\\d{4})(?<dash>-?)(?<month>\\d\\d)\\k<dash>(?<day>\\d\\d)'
const time =
  '(?<hour>\\d\\d)(?<colon>:?)(?<minute>\\d\\d)(?:\\k<colon>(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,20}))?)?'
const offset = '(?:z|(?<sign>[+-])(?<offsetHour>\\d\\d)(?::?(?<offsetMinute>\\d\\d))?)'
const dateTime = new RegExp(`^${date}[t ]${time}${offset}$`, 'i')

/**
 * The milliseconds since 1970 UTC of a date and time of ISO 8601 with its offset from UTC, in the extended or
 * the basic format, with or without seconds and fractions of them (cut to milliseconds), `T` and `Z` in either
 * case, a space for the `T` (RFC 3339). Null when `text` is none of these, or names a day or an hour that does not exist.
 */
export function parseIsoDateTime(text: string): number | null {
  const said = dateTime.exec(text)?.groups
  if (said === undefined) return null
  const { year, month, day, hour, minute, second, offsetHour, offsetMinute } = numbersOf(said)
  const midnight = Date.UTC(year, month - 1, day)
  const isDay = new Date(midnight).getUTCDate() === day && month >= 1 && month <= 12
  // ISO 8601 allows hour 24 for the end of a day, and second 60 for a leap second.
  const isTime = (hour < 24 && minute < 60 && second <= 60) || (hour === 24 && minute === 0 && second === 0)
  if (!isDay || !isTime || offsetHour > 23 || offsetMinute > 59) return null
  const fraction = Number((said.fraction ?? '').slice(0, 3).padEnd(3, '0'))
  const east = (offsetHour * 60 + offsetMinute) * (said.sign === '-' ? -1 : 1)
  return midnight + ((hour * 60 + minute - east) * 60 + second) * 1000 + fraction
}

const numbers = ['year', 'month', 'day', 'hour', 'minute', 'second', 'offsetHour', 'offsetMinute'] as const

function numbersOf(said: Record<string, string | undefined>): Record<(typeof numbers)[number], number> {
  return Object.fromEntries(numbers.map((name) => [name, Number(said[name] ?? 0)])) as Record<
    (typeof numbers)[number],
    number
  >
}
