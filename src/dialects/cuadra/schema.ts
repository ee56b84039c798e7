import * as z from 'zod'
import { once } from '../../core/once'
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
