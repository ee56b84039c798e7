import * as z from 'zod'
import { once } from '../../core/once'
import { isStorable } from '../../core/storable-text'
import { mustBe, mustBeObject } from '../../http/field-messages'

/**
 * The body of `PUT /v1/organizations/{id}`. A field that is not known is refused: a misspelt quota would be none.
 */
export const putOrganizationRequest = once(() =>
  z.strictObject(
    {
      name: z
        .string(mustBe('a string'))
        .min(1, 'must not be empty')
        .max(255, 'must be at most 255 characters')
        .refine(isStorable, 'must hold no NUL and no lone surrogate'),
      quotaBytes: z.int(mustBe('a whole number of bytes')).nonnegative(mustBe('0 or more')).nullish(),
    },
    mustBeObject,
  ),
)
