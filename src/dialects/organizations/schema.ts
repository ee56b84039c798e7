import * as z from 'zod'
import { isStorable } from '../../core/storable-text'

/**
 * The body of `PUT /v1/organizations/{id}`. A field that is not known is refused: a misspelt quota would be none.
 */
export const putOrganizationRequest = z.strictObject({
  name: z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(255, 'must be at most 255 characters')
    .refine(isStorable, 'must hold no NUL and no lone surrogate'),
  quotaBytes: z.int('must be a whole number of bytes').nonnegative('must not be negative').nullish(),
})
