import type { Context } from 'hono'
import { fail, failField, type Issue } from '../core/errors'
import { sayValue } from '../core/say-value'
import { nearestName, plainName, sayName } from './spelling'

/** How many wrong parameters an answer names. */
const issuesMax = 5

/** Parameters that browsers, caches and newsletters add, and that change no answer. */
const meaningless = /^(_|_t|_ts|_dc|utm_\w{1,32}|gclid|fbclid)$/

/** The parameters of a request. An empty one counts as absent: some clients send what is not set. */
export type QueryParameters<Name extends string> = {
  /** The value of `name`; undefined when it is absent. Throws `invalid_request` when there are two that differ. */
  one(name: Name): string | undefined
  /** The values of `name`, which may be there several times. */
  all(name: Name): readonly string[]
}

/**
 * The query of a request that takes the parameters `known`, each with the other names that clients have for it.
 * A name is the same in any case, with `_`, `-` or `[]`. An unknown parameter is refused by name, unless it changes no
 * answer: if it were ignored, the client would get another list than it asked for. Throws `invalid_request`.
 */
export function queryParameters<Name extends string>(
  c: Context,
  known: Readonly<Record<Name, readonly string[]>>,
  hint = '',
): QueryParameters<Name> {
  const names = Object.keys(known) as Name[]
  const byPlainName = new Map(
    names.flatMap((name) => [name, ...known[name]].map((spelling) => [plainName(spelling), name] as const)),
  )
  const values = new Map<Name, string[]>(names.map((name) => [name, []]))
  const issues: Issue[] = []
  for (const { name: spelling, value } of pairsOf(c.req.url)) {
    if (value === '' || meaningless.test(spelling)) continue
    const name = byPlainName.get(plainName(spelling))
    if (name !== undefined) values.get(name)?.push(decoded(name, value))
    else if (issues.length < issuesMax) issues.push(sayUnknown(spelling, names, hint))
  }
  if (issues.length > 0) fail({ code: 'invalid_request', issues })
  return {
    one(name) {
      const [value, ...others] = new Set(values.get(name))
      if (others.length > 0) failField(name, 'must be given once, or with the same value each time')
      return value
    },
    all: (name) => values.get(name) ?? [],
  }
}

function sayUnknown(spelling: string, names: readonly string[], hint: string): Issue {
  const nearest = nearestName(spelling, names)
  const meant = nearest === null ? '' : `; did you mean ${nearest}?`
  const message = `is not a parameter of this request, which takes ${names.join(', ')}${meant}${hint}`
  return { field: sayName(spelling), message }
}

/** Names are decoded, values are not. */
function pairsOf(url: string): { name: string; value: string }[] {
  return new URL(url).search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      const name = at === -1 ? pair : pair.slice(0, at)
      return { name: decode(name) ?? name, value: at === -1 ? '' : pair.slice(at + 1) }
    })
}

function decoded(name: string, value: string): string {
  return decode(value) ?? failField(name, `must be UTF-8, percent-encoded, not ${sayValue(value)}`)
}

/** Null when `text` is no percent-encoded UTF-8. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}
