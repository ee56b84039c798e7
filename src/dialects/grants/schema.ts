import * as z from 'zod'
import { parseContentType } from '../../core/files/content-type'
import { checkMetadata, type Metadata } from '../../core/files/metadata'
import { objectMaxBytes } from '../../core/gateway'
import { grantFilesMax, grantLifetimeSeconds } from '../../core/grants/grant'
import { once } from '../../core/once'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { isOriginPattern, originPatternsInWords } from '../../http/origins'

const defaultLifetimeSeconds = 900
/** Of `metadata` as JSON, in bytes: it is in every token. */
const metadataMaxBytes = 2 * 1024
const contentTypesMax = 50
const originsMax = 20

/** The body of `POST /v1/grants`. A field that is not known is refused: a misspelt limit would be none. */
export const createGrantRequest = once(() => {
  const seconds = mustBe(
    `a whole number of seconds from ${grantLifetimeSeconds.min} to ${grantLifetimeSeconds.max}`,
  )
  const bytes = mustBe('a whole number of bytes from 0 to 5 TiB')
  const files = mustBe(`a whole number from 1 to ${grantFilesMax}`)
  const types = mustBe('a list of media types, such as application/pdf or image/*')
  const origins = mustBe(`a list of ${originPatternsInWords}`)
  return z.strictObject(
    {
      maxBytes: z.int(bytes).min(0, bytes).max(objectMaxBytes, bytes),
      maxFiles: z
        .int(files)
        .min(1, files)
        .max(grantFilesMax, files)
        .nullish()
        .transform((count) => count ?? 1),
      contentTypes: z
        .array(z.string(types).refine(isTypePattern, types), types)
        .min(1, 'must name a type, or be left out')
        .max(contentTypesMax, `must name at most ${contentTypesMax} types`)
        .nullish()
        .transform(typesOf),
      metadata: z
        .custom<Metadata>(isSmallObject, mustBe(`an object of at most ${metadataMaxBytes} bytes as JSON`))
        .meta({ type: 'object' })
        .nullish()
        .transform((metadata) => checkMetadata(metadata ?? {}, 'metadata')),
      expiresIn: z
        .int(seconds)
        .min(grantLifetimeSeconds.min, seconds)
        .max(grantLifetimeSeconds.max, seconds)
        .nullish()
        .transform((count) => count ?? defaultLifetimeSeconds),
      origins: z
        .array(z.string(origins).refine(isOriginPattern, origins), origins)
        .min(1, 'must name an origin, or be left out')
        .max(originsMax, `must name at most ${originsMax} origins`)
        .nullish()
        .transform((patterns) => patterns ?? null),
    },
    mustBeObject,
  )
})

/** Whether `text` is a media type without parameters, or `type/*`. */
function isTypePattern(text: string): boolean {
  const example = text.endsWith('/*') ? `${text.slice(0, -1)}x` : text
  return (
    !text.includes(';') && parseContentType(example) === example && (text === '*/*' || !text.startsWith('*'))
  )
}

/** In lower case; null where every type is allowed. */
function typesOf(types: readonly string[] | null | undefined): readonly string[] | null {
  return types == null || types.includes('*/*') ? null : types.map((type) => type.toLowerCase())
}

function isSmallObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return new TextEncoder().encode(JSON.stringify(value)).length <= metadataMaxBytes
}
