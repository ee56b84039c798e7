/** The most characters of a name that a message repeats. */
const saidNameMax = 64
/** Names beyond this are not compared with known ones: the work grows with their length. */
const comparedNameMax = 40

/** A name without case, `_`, `-` and a final `[]`: those of `perPage` and `per_page` are equal. */
export function plainName(name: string): string {
  return name
    .replace(/\[\d*\]$/, '')
    .replace(/[_-]/g, '')
    .toLowerCase()
}

/** The one of `names` that `name` misspells by a letter or two, or null. Short names differ by one letter at most. */
export function nearestName(name: string, names: readonly string[]): string | null {
  if (name.length > comparedNameMax) return null
  const plain = plainName(name)
  return (
    names.find((known) => {
      const { length } = plainName(known)
      const tolerated = length >= 8 ? 2 : length >= 4 ? 1 : 0
      return distanceOf(plain, plainName(known)) <= tolerated
    }) ?? null
  )
}

/** `name` for a message: cut, and of plain text only. */
export function sayName(name: string): string {
  const visible = name.replace(/[^\x20-\x7e]/g, '?')
  return visible.length > saidNameMax ? `${visible.slice(0, saidNameMax)}…` : visible
}

/** How many letters must be added, dropped, changed or swapped with the next to make `one` into `other`. */
function distanceOf(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let at = 1; at <= other.length; at++) {
      const isSame = one[row - 1] === other[at - 1]
      const isSwapped = row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]
      current[at] = Math.min(
        (last[at] ?? 0) + 1,
        (current[at - 1] ?? 0) + 1,
        (last[at - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[at - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[before, last] = [last, current]
  }
  return last[other.length] ?? 0
}
