import * as z from 'zod'
import { once } from '../../core/once'
import { scopes } from '../../core/organizations/principal'
import { isStorable } from '../../core/storable-text'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { parseIsoDateTime } from '../../http/iso-date-time'
import { respelled } from '../../http/respell-fields'

const dateTime = mustBe('an ISO 8601 date and time with its offset from UTC, such as 2030-01-31T12:00:00Z')

/** In the one form that everything behind it reads. */
const expirationDate = () =>
  z.string(dateTime).transform((text, context) => {
    const time = parseIsoDateTime(text)
    if (time !== null) return new Date(time).toISOString()
    context.addIssue({ code: 'custom', message: dateTime.error({ input: text }), input: text })
    return z.NEVER
  })

/**
 * The body of `POST /v1/api-keys`. `organization` is for the root key, which belongs to none. A field that is not
 * known is refused: a misspelt limit would make a key without it.
 */
export const createApiKeyRequest = once(() =>
  z.strictObject(
    {
      name: z
        .string(mustBe('a string'))
        .max(255, 'must be at most 255 characters')
        .refine(isStorable, 'must hold no NUL and no lone surrogate')
        .nullish(),
      expiration_date: expirationDate().nullish(),
      scopes: z
        .array(z.enum(scopes, mustBe(`one of ${scopes.join(', ')}`)), mustBe('a list of scopes'))
        .min(1, 'must not be empty')
        .refine((named) => new Set(named).size === named.length, 'must name each scope once')
        .nullish(),
      organization: z.string(mustBe('a string')).nullish(),
    },
    mustBeObject,
  ),
)

/** The body of `POST /v1/upload/s3`. How large `size` may be is the core's to say. */
export const uploadRequest = once(() => {
  const fields = {
    filename: z.string(mustBe('a string')),
    contentType: z.string(mustBe('a media type such as image/png')),
    size: z.int(mustBe('a whole number of bytes')).min(1, mustBe('1 or more')),
  }
  return z.preprocess(respelled(Object.keys(fields)), z.object(fields, mustBeObject))
})
