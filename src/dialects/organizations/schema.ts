import * as z from 'zod'
import { mustBe, mustBeObject } from '../../http/field-messages'

/** The body of `PUT /v1/organizations/{id}`. */
export const putOrganizationRequest = z.object(
  {
    name: z.string(mustBe('a string')).min(1, 'must not be empty').max(255, 'must be at most 255 characters'),
    quotaBytes: z.int(mustBe('a whole number of bytes')).nonnegative(mustBe('0 or more')).nullish(),
  },
  mustBeObject,
)
