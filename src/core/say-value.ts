/** How many characters of a value a message repeats. */
const saidMax = 40

/**
 * What came in a field, for a message: text in quotes and cut, its control and other invisible characters
 * escaped; of lists and objects only that they are such. Not for fields that can hold a secret.
 */
export function sayValue(value: unknown): string {
  if (typeof value === 'string') return sayText(value)
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : 'an object'
}

function sayText(text: string): string {
  // In whole characters, so that no half of one is left.
  const cut = [...text.slice(0, 2 * saidMax)].slice(0, saidMax).join('')
  const said = JSON.stringify(cut).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter)
  return cut.length < text.length ? `${said}…` : said
}

function escapeCharacter(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}
