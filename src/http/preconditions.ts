/** What identifies a representation; both stay the same as long as its bytes do. */
export type Validators = {
  /** With its quotes; strong unless it begins with `W/`. */
  etag: string
  /** Milliseconds since 1970 UTC. HTTP tells and compares whole seconds. */
  lastModified: number
}

/** The answer that the conditions ask for: as without them, 304, or 412. */
export type PreconditionOutcome = 'proceed' | 'not_modified' | 'failed'

/**
 * Evaluates the preconditions of a request to a representation that exists, in the order of RFC 9110, section 13.2.2:
 * If-Match, or else If-Unmodified-Since; then If-None-Match, or else (GET and HEAD only) If-Modified-Since. A date that
 * is no HTTP-date is ignored.
 */
export function evaluatePreconditions(
  { headers, method }: Request,
  validators: Validators,
  now: number,
): PreconditionOutcome {
  const dateOf = (name: string) => parseHttpDate(headers.get(name)?.trim() ?? '', now)
  const isRead = method === 'GET' || method === 'HEAD'
  const seconds = wholeSeconds(validators.lastModified)
  const ifMatch = headers.get('if-match')
  if (ifMatch !== null) {
    if (!names(ifMatch, validators.etag, isStrongMatch)) return 'failed'
  } else {
    const unmodifiedSince = dateOf('if-unmodified-since')
    if (unmodifiedSince !== null && seconds > unmodifiedSince) return 'failed'
  }
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== null) {
    if (!names(ifNoneMatch, validators.etag, isWeakMatch)) return 'proceed'
    return isRead ? 'not_modified' : 'failed'
  }
  const modifiedSince = isRead ? dateOf('if-modified-since') : null
  return modifiedSince !== null && seconds <= modifiedSince ? 'not_modified' : 'proceed'
}

/**
 * Whether `Range` counts (RFC 9110, section 13.1.5): there is no If-Range, or it has this very ETag, or this very date
 * of Last-Modified, which is a strong validator as bytes never change here.
 */
export function ifRangeHolds(headers: Headers, { etag, lastModified }: Validators, now: number): boolean {
  const ifRange = headers.get('if-range')?.trim()
  if (ifRange === undefined) return true
  if (/^(W\/)?"/.test(ifRange)) return isStrongMatch(ifRange, etag)
  return parseHttpDate(ifRange, now) === wholeSeconds(lastModified)
}

/** Whether the request has a condition, for which the representation's validators are needed. */
export function isConditional(headers: Headers): boolean {
  return conditionalHeaders.some((name) => headers.has(name))
}

const conditionalHeaders = [
  'if-match',
  'if-unmodified-since',
  'if-none-match',
  'if-modified-since',
  'if-range',
]

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'
/** The three forms: today's, that of RFC 850 with a year of two digits, and that of C's `asctime`. */
const httpDates = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>\\w{3}) (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>\\w{3})-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>\\w{3}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
]

/**
 * The milliseconds since 1970 UTC of an HTTP-date, in any of its three forms (RFC 9110, section 5.6.7); null
 * when `text` is none.
 */
export function parseHttpDate(text: string, now: number): number | null {
  const said = httpDates.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (said === undefined) return null
  const [day, hour, minute, second] = [said.day, said.hour, said.minute, said.second].map(Number)
  const month = months.indexOf(said.month ?? '')
  const midnight = Date.UTC(fullYear(said.year ?? '', now), month, day)
  // A day beyond the end of its month would become a day of the next one.
  const isDay = month !== -1 && new Date(midnight).getUTCDate() === day
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
}

/** A year of two digits is in the past if it would be more than 50 years ahead (RFC 9110, section 5.6.7). */
function fullYear(text: string, now: number): number {
  if (text.length === 4) return Number(text)
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(text)
  return year > thisYear + 50 ? year - 100 : year
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000
}

/** Whether the list of entity tags, or `*`, in `header` has one that matches `etag`. */
function names(header: string, etag: string, matches: (one: string, other: string) => boolean): boolean {
  if (header.trim() === '*') return true
  // Not split at commas: a tag may contain them between its quotes.
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => matches(tag, etag))
}

function isStrongMatch(one: string, other: string): boolean {
  return !one.startsWith('W/') && one === other
}

function isWeakMatch(one: string, other: string): boolean {
  return one.replace(/^W\//, '') === other.replace(/^W\//, '')
}
