import type { FailureOf } from '../core/errors'

/** How many part numbers a sentence names. */
const numbersSaidMax = 20

/** Which parts are missing or wrong. */
export function sayParts({ missing, wrongSize, unknown }: FailureOf<'parts_missing'>): string {
  return [
    ...(missing.length > 0 ? [`parts ${sayNumbers(missing)} are missing`] : []),
    ...(wrongSize.length > 0 ? [`parts ${sayNumbers(wrongSize)} have the wrong size`] : []),
    ...(unknown.length > 0 ? [`parts ${sayNumbers(unknown)} are not the ones that the store has`] : []),
  ].join('; ')
}

function sayNumbers(numbers: readonly number[]): string {
  const said = numbers.slice(0, numbersSaidMax).join(', ')
  return numbers.length > numbersSaidMax ? `${said} and ${numbers.length - numbersSaidMax} more` : said
}
