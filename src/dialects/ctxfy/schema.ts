import * as z from 'zod'
import { scopes } from '../../core/organizations/principal'
import { isStorable } from '../../core/storable-text'

/**
 * The body of `POST /v1/api-keys`. `organization` is for the root key, which belongs to none. A field that is not
 * known is refused: a misspelt limit would make a key without it.
 */
export const createApiKeyRequest = z.strictObject({
  name: z
    .string('must be a string')
    .max(255, 'must be at most 255 characters')
    .refine(isStorable, 'must hold no NUL and no lone surrogate')
    .nullish(),
  expiration_date: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 date and time' }).nullish(),
  scopes: z
    .array(z.enum(scopes, `must be one of ${scopes.join(', ')}`), 'must be a list of scopes')
    .min(1, 'must not be empty')
    .refine((named) => new Set(named).size === named.length, 'must name each scope once')
    .nullish(),
  organization: z.string('must be a string').nullish(),
})

/** The body of `POST /v1/upload/s3`. How large `size` may be is the core's to say. */
export const uploadRequest = z.object({
  filename: z.string('is required and must be a string'),
  contentType: z.string('is required and must be a string'),
  size: z.int('is required and must be a whole number of bytes').min(1, 'must be at least 1'),
})
