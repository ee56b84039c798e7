import * as z from 'zod'

/** The body of `PUT /v1/organizations/{id}`. */
export const putOrganizationRequest = z.object({
  name: z.string('must be a string').min(1, 'must not be empty').max(255, 'must be at most 255 characters'),
  quotaBytes: z.int('must be a whole number of bytes').nonnegative('must not be negative').nullish(),
})
