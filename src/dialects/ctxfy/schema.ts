import * as z from 'zod'
import { scopes } from '../../core/organizations/principal'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { parseIsoDateTime } from '../../http/iso-date-time'
import { respelled } from '../../http/respell-fields'

const dateTime = mustBe('an ISO 8601 date and time with its offset from UTC, such as 2030-01-31T12:00:00Z')

/** In the one form that everything behind it reads. */
const expirationDate = z.string(dateTime).transform((text, context) => {
  const time = parseIsoDateTime(text)
  if (time !== null) return new Date(time).toISOString()
  context.addIssue({ code: 'custom', message: dateTime.error({ input: text }), input: text })
  return z.NEVER
})

/** The body of `POST /v1/api-keys`. `organization` is for the root key, which belongs to none. */
export const createApiKeyRequest = z.object(
  {
    name: z.string('must be a string').max(255, 'must be at most 255 characters').nullish(),
    expiration_date: expirationDate.nullish(),
    scopes: z
      .array(z.enum(scopes, `must be one of ${scopes.join(', ')}`), 'must be a list of scopes')
      .min(1, 'must not be empty')
      .max(scopes.length, 'must not repeat scopes')
      .nullish(),
    organization: z.string('must be a string').nullish(),
  },
  mustBeObject,
)

const uploadFields = {
  filename: z.string(mustBe('a string')),
  contentType: z.string(mustBe('a media type such as image/png')),
  size: z.int(mustBe('a whole number of bytes')).min(1, mustBe('1 or more')),
}

/** The body of `POST /v1/upload/s3`. How large `size` may be is the core's to say. */
export const uploadRequest = z.preprocess(
  respelled(Object.keys(uploadFields)),
  z.object(uploadFields, mustBeObject),
)
