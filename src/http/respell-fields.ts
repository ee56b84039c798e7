import { nearestName, plainName, sayName } from './spelling'

/** How many unknown fields are compared with known ones. */
const comparedMax = 32

/** Where issues are noted: what a schema library passes to its preprocessing. */
type Notes = {
  addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[]; input: unknown }): void
}

export type Respelling = {
  /** Other names that clients have for a field. */
  aliases?: Readonly<Record<string, readonly string[]>>
  /** Fields that are accepted in this spelling only. */
  exact?: readonly string[]
  /** False: unknown fields are not compared with missing ones. For objects that come by the thousand. */
  suggests?: boolean
}

/**
 * Gives the fields of an object the names that a schema has for them. A name is the same in any case, with `_` or `-`.
 * Two spellings of one field with different values are refused by name, and so is an unknown field whose name is close to
 * that of a missing one. Other unknown fields stay.
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
    // Null and undefined count as absent, in any spelling.
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

/** Whether two JSON values are the same, as a client that sends one twice would write them. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
