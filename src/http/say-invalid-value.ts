import type { FailureCode, FailureOf } from '../core/errors'

/** Each as it goes on after the name of the field, which every dialect has its own for. */
const sentences = {
  part_size_out_of_bounds: ({ minBytes, maxBytes }: FailureOf<'part_size_out_of_bounds'>) =>
    `must be from ${minBytes} to ${maxBytes} bytes`,
  part_size_too_small: ({ partsMax, minBytes }: FailureOf<'part_size_too_small'>) =>
    `gives more than ${partsMax} parts; use at least ${minBytes} bytes`,
  part_size_without_parts: () => 'needs multipart: true',
  part_not_planned: ({ partCount }: FailureOf<'part_not_planned'>) =>
    `must be from 1 to ${partCount}, the number of parts of this upload`,
  checksum_unverifiable: ({ limitBytes }: FailureOf<'checksum_unverifiable'>) =>
    `can be verified up to ${limitBytes} bytes; leave it out for larger files`,
  known_size_mismatch: ({ promised, known }: FailureOf<'known_size_mismatch'>) =>
    `is ${promised}, but the bytes with this sha256 are ${known}`,
  too_many_associations: ({ max }: FailureOf<'too_many_associations'>) =>
    `a file has at most ${max} associations`,
  expiry_in_past: () => 'must be in the future',
  organization_unnamed: () => 'is required with the root key',
} satisfies Partial<{ [Code in FailureCode]: (failure: FailureOf<Code>) => string }>

/** A failure that is about one value of the request, which only a use case could judge. */
export type InvalidValue = FailureOf<keyof typeof sentences>

/** What is wrong with the value, without the name of its field. */
export function sayInvalidValue(failure: InvalidValue): string {
  const say = sentences[failure.code] as (failure: InvalidValue) => string
  return say(failure)
}
