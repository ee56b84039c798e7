import * as z from 'zod'
import type { Metadata } from '../../core/files/metadata'
import { once } from '../../core/once'
import { partsPerAnswerMax } from '../../core/uploads/parts'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { respelled } from '../../http/respell-fields'
import { namedParts, partNumber } from './parts-schema'

/** A body that was JSON holds nothing but JSON. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Fields beyond these are ignored, unless one is nearly called as one of these that is missing. */
export const createUploadRequest = once(() => {
  const byteCount = z.int(mustBe('a whole number of bytes'))
  const sha256 = mustBe('64 hexadecimal digits')
  const md5 = mustBe('the base64 of 16 bytes')
  const fields = {
    filename: z.string(mustBe('a string')).min(1, 'must not be empty'),
    contentType: z.string(mustBe('a media type such as image/png')),
    size: byteCount.min(0, mustBe('0 or more')),
    sha256: z
      .string(sha256)
      .regex(/^[0-9a-f]{64}$/i, sha256)
      .nullish(),
    md5: z
      .string(md5)
      .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, md5)
      .nullish(),
    metadata: z.custom<Metadata>(isObject, mustBe('an object')).meta({ type: 'object' }).nullish(),
    multipart: z.boolean(mustBe('true or false')).nullish(),
    partSize: byteCount.nullish(),
  }
  return z.preprocess(respelled(Object.keys(fields)), z.object(fields, mustBeObject))
})

/** A number that is named twice asks for one URL. */
export const signPartsRequest = once(() =>
  z.preprocess(
    respelled(['partNumbers'], { aliases: { partNumbers: ['parts'] } }),
    z.object(
      {
        partNumbers: z
          .array(z.unknown(), mustBe('a list of part numbers'))
          // Before each is looked at: what is wrong with ten thousand numbers takes long to say.
          .max(2 * partsPerAnswerMax, `must name at most ${partsPerAnswerMax} parts`)
          .pipe(z.array(partNumber()))
          .transform((numbers) => [...new Set(numbers)])
          .refine((numbers) => numbers.length >= 1, 'must name a part')
          .refine(
            (numbers) => numbers.length <= partsPerAnswerMax,
            `must name at most ${partsPerAnswerMax} parts`,
          ),
      },
      mustBeObject,
    ),
  ),
)

/** Also as S3's clients have it, `{MultipartUpload: {Parts: [{PartNumber, ETag}]}}`. */
export const completeUploadRequest = once(() =>
  z.preprocess(
    (value) => wrappedParts(value) ?? value,
    z.preprocess(respelled(['parts']), z.object({ parts: namedParts().nullish() }, mustBeObject)),
  ),
)

function wrappedParts(value: unknown): unknown {
  return isObject(value) ? (value as Record<string, unknown>).MultipartUpload : undefined
}
