const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** A number of bytes as people read it: `0 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  let value = bytes / 1024
  let at = 0
  while (value >= 1023.95 && at < units.length - 1) {
    value /= 1024
    at++
  }
  return `${value.toFixed(value < 100 ? 1 : 0).replace(/\.0$/, '')} ${units[at]}`
}

const daySeconds = 24 * 3600

/** Units with their seconds, and up to how many seconds each is used. */
const steps = [
  ['second', 1, 60],
  ['minute', 60, 3600],
  ['hour', 3600, daySeconds],
  ['day', daySeconds, 60 * daySeconds],
  ['month', 30 * daySeconds, 365 * daySeconds],
  ['year', 365 * daySeconds, Number.POSITIVE_INFINITY],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** How long from `now` it is to `time`, both in ms since 1970 UTC: `3 minutes ago`, `in 2 hours`. */
export function formatRelative(time: number, now: number): string {
  const seconds = (time - now) / 1000
  for (const [unit, size, limit] of steps) {
    const count = Math.round(seconds / size)
    if (Math.abs(count) * size < limit) return relative.format(count, unit)
  }
  return ''
}

/** `72 %`; of nothing it is all. */
export function formatShare(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((part / whole) * 100)} %`
}

/** A time in the person's own zone, to the second. */
export function formatTime(text: string): string {
  return new Date(text).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
}
