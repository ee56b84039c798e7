/** The reference tokens of a JSON Pointer (RFC 6901), unescaped. */
export type JsonPointer = readonly string[]

/** The pointer that `text` is, or null. The empty pointer, which means the whole document, is one too. */
export function parseJsonPointer(text: string): JsonPointer | null {
  if (!/^(\/([^~/]|~[01])*)*$/.test(text)) return null
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What `pointer` points to in a parsed JSON `document`; undefined when there is nothing. */
export function valueAt(document: unknown, pointer: JsonPointer): unknown {
  let value = document
  for (const token of pointer) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(token)) return undefined
    // Own members only: a claim named `constructor` is not there unless the token has it.
    if (!Object.hasOwn(value, token)) return undefined
    value = (value as Record<string, unknown>)[token]
  }
  return value
}
