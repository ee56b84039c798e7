/**
 * The pairs in `text`, as in `tag=invoice, year=2026`. A value is a number, true or false if it is written as one; in double
 * quotes it is a text. Returns a sentence for people if the text is not written that way.
 */
export function parsePairs(text: string): Record<string, string | number | boolean> | string {
  const pairs: Record<string, string | number | boolean> = {}
  for (const piece of text.split(',')) {
    if (piece.trim() === '') continue
    const at = piece.indexOf('=')
    const name = piece.slice(0, Math.max(at, 0)).trim()
    if (name === '') return `Write metadata as name=value; "${piece.trim()}" is not.`
    pairs[name] = readValue(piece.slice(at + 1).trim())
  }
  return pairs
}

function readValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  const [, quoted] = /^"(.*)"$/.exec(text) ?? []
  if (quoted !== undefined) return quoted
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text) ? Number(text) : text
}
