/**
 * `value` as canonical JSON (RFC 8785): members sorted by the UTF-16 code units of their names, no blanks, strings
 * and numbers as ECMAScript writes them. Two texts that a JSON parser reads as the same value have the same
 * canonical form. A member that is `undefined` is left out. Beyond the RFC, a lone surrogate stays as its escape.
 * Recursive, so `value` must be as shallow as the limits of a request make it. Throws `TypeError` for a number that JSON
 * cannot express.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON number`)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
