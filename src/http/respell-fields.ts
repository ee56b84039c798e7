import { nearestName, plainName, sayName } from './spelling'

/** How many fields that are not known are compared with those that are. */
const comparedMax = 32

/** Where what is wrong is noted: what a schema library hands to its preprocessing. */
type Notes = {
  addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[]; input: unknown }): void
}

export type Respelling = {
  /** Other names that clients have for a field. */
  aliases?: Readonly<Record<string, readonly string[]>>
  /** Fields that are only taken as they are spelt. */
  exact?: readonly string[]
  /** False: an unknown field is not compared with those that are missing. For objects that come by thousands. */
  suggests?: boolean
}

/**
 * Gives the fields of an object the names that a schema has for them. A name is the same in any case, with `_`
 * or `-`: what it means is plain. Refused by name are two spellings of one field that say different things, and
 * a field that is not known while one that is nearly called so is missing. Other unknown fields stay.
 */
export function respelled(
  names: readonly string[],
  { aliases = {}, exact = [], suggests = true }: Respelling = {},
): (value: unknown, notes: Notes) => unknown {
  const byPlainName = new Map(
    names.flatMap((name) =>
      [name, ...(aliases[name] ?? [])].map((spelling) => [plainName(spelling), name] as const),
    ),
  )
  return (value, notes) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const given = Object.entries(value)
    // Null and undefined say nothing, in whatever spelling.
    const known = new Map(given.filter(([name, said]) => names.includes(name) && said != null))
    const unknown: [string, unknown][] = []
    const refuse = (spelling: string, message: string) =>
      notes.addIssue({ code: 'custom', path: [sayName(spelling)], message, input: value })
    for (const [spelling, said] of given) {
      if (names.includes(spelling)) continue
      const name = byPlainName.get(plainName(spelling))
      if (name === undefined) unknown.push([spelling, said])
      else if (said == null) continue
      else if (exact.includes(name)) refuse(spelling, `must be spelt ${name}`)
      else if (!known.has(name)) known.set(name, said)
      else if (!isSame(known.get(name), said)) refuse(spelling, `says something else than ${name}`)
    }
    const missing = names.filter((name) => !known.has(name))
    for (const [spelling] of suggests ? unknown.slice(0, comparedMax) : []) {
      const meant = nearestName(spelling, missing)
      if (meant !== null) refuse(spelling, `is not a field of this request; did you mean ${meant}?`)
    }
    return { ...Object.fromEntries(given), ...Object.fromEntries(known) }
  }
}

/** Whether two JSON values are the same, as far as a client that says a thing twice would write them. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
