import * as z from 'zod'
import { once } from '../../core/once'
import { presignTtlMaxSeconds } from '../../core/uploads/url-lifetime'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { respelled } from '../../http/respell-fields'

/** The body of `POST /v1/files/{id}/associations`. What a resource may be called is the core's to say. */
export const associationRequest = once(() => {
  const fields = {
    resourceType: z.string(mustBe('a string')),
    resourceId: z.string(mustBe('a string')),
  }
  return z.preprocess(respelled(Object.keys(fields)), z.object(fields, mustBeObject))
})

/** The body of `POST /v1/files/{id}/links`. A field that is not known is refused: a misspelt lifetime would be another. */
export const linkRequest = once(() =>
  z.strictObject(
    {
      expiresIn: z
        .int(mustBe('a whole number of seconds'))
        .min(1, mustBe('1 or more'))
        .max(presignTtlMaxSeconds, mustBe(`at most ${presignTtlMaxSeconds}`))
        .nullish(),
      disposition: z.enum(['attachment', 'inline'], mustBe('attachment or inline')).nullish(),
    },
    mustBeObject,
  ),
)
