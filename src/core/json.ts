/** Where a number can be too long for a double: most texts have none, and are parsed without a look at each value. */
const longNumber = /\d{16}/
const wholeNumber = /^-?\d+$/

/**
 * As JSON.parse, but a whole number that would not come back as it is written is NaN, which JSON itself cannot say:
 * beyond 2^53 a double loses the last digits, and the caller would keep another number in silence. What is written
 * as a double (`1e20`, `0.1`) is one. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text)
  try {
    return JSON.parse(text, (_, value: unknown, context?: { source?: string }) =>
      isCutOff(value, context?.source ?? '') ? Number.NaN : value,
    )
  } catch (error) {
    // Revival takes the stack, which deep nesting uses up: that is refused for its depth.
    if (error instanceof RangeError) return JSON.parse(text)
    throw error
  }
}

function isCutOff(value: unknown, source: string): boolean {
  return (
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    wholeNumber.test(source) &&
    JSON.stringify(value) !== source
  )
}
