import * as z from 'zod'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { respelled } from '../../http/respell-fields'

const associationFields = {
  resourceType: z.string(mustBe('a string')),
  resourceId: z.string(mustBe('a string')),
}

/** The body of `POST /v1/files/{id}/associations`. What a resource may be called is the core's to say. */
export const associationRequest = z.preprocess(
  respelled(Object.keys(associationFields)),
  z.object(associationFields, mustBeObject),
)
