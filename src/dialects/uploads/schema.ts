import * as z from 'zod'
import type { Metadata } from '../../core/files/metadata'
import { partCountMax, partsPerAnswerMax } from '../../core/uploads/parts'

const count = (unit: string) => z.int(`must be a whole number of ${unit}`)

/** A body that was JSON holds nothing but JSON. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Fields beyond these are ignored. */
export const createUploadRequest = z.object({
  filename: z.string('must be a string').min(1, 'must not be empty'),
  contentType: z.string('must be a media type such as image/png'),
  size: count('bytes').min(0, 'must not be negative'),
  sha256: z
    .string('must be 64 hexadecimal digits')
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .nullish(),
  md5: z
    .string('must be the base64 of 16 bytes')
    .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, 'must be the base64 of 16 bytes')
    .nullish(),
  metadata: z.custom<Metadata>(isObject, 'must be an object').nullish(),
  multipart: z.boolean('must be true or false').nullish(),
  partSize: count('bytes').nullish(),
})

const partNumber = count('parts')
  .min(1, 'must be 1 or more')
  .max(partCountMax, `must be at most ${partCountMax}`)

export const signPartsRequest = z.object({
  partNumbers: z
    .array(partNumber, 'must be a list of part numbers')
    .min(1, 'must name a part')
    .max(partsPerAnswerMax, `must name at most ${partsPerAnswerMax} parts`)
    .refine((numbers) => new Set(numbers).size === numbers.length, 'must name each part once'),
})

/** An ETag may come with its quotes, as browsers read it from the header, or without them. */
const etag = z
  .string('must be the ETag that the part was answered with')
  .transform((text) => text.replace(/^"(.*)"$/, '$1'))
  .refine((text) => /^[\x21\x23-\x7e]{1,256}$/.test(text), 'must be the ETag that the part was answered with')

export const completeUploadRequest = z.object({
  parts: z
    .array(z.object({ partNumber, etag }, 'must be an object'), 'must be a list of parts')
    .max(partCountMax, `must name at most ${partCountMax} parts`)
    .refine(
      (parts) => new Set(parts.map((part) => part.partNumber)).size === parts.length,
      'must name each part once',
    )
    .nullish(),
})
