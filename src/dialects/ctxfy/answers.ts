import * as z from 'zod'
import { scopes } from '../../core/organizations/principal'
import { Time } from '../../http/answers'

/** A token may outlive the year 9999, and so the key that it makes: ISO 8601 has `+` and six digits for that. */
const Expiry = z.string().regex(/^(\d{4}|\+\d{6})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)

export const ApiKey = z.strictObject({
  id: z.string(),
  key_prefix: z.string(),
  name: z.string().nullable(),
  expiration_date: Expiry.nullable(),
  created_at: Time,
  revoked_at: Time.nullable(),
  last_used_at: Time.nullable(),
  scopes: z.array(z.enum(scopes)),
})
export type ApiKey = z.infer<typeof ApiKey>

export const NewApiKey = z.strictObject({ ...ApiKey.shape, api_key: z.string() })
export type NewApiKey = z.infer<typeof NewApiKey>

export const ApiKeys = z.strictObject({
  api_keys: z.array(ApiKey),
  pagination: z.strictObject({ page: z.int(), per_page: z.int(), total: z.int(), pages: z.int() }),
})
export type ApiKeys = z.infer<typeof ApiKeys>

export const Upload = z.strictObject({ uploadUrl: z.url(), publicUrl: z.url(), fileKey: z.string() })
export type Upload = z.infer<typeof Upload>

export const Failure = z.strictObject({
  error: z.string(),
  message: z.string(),
  code: z.int(),
  details: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
  requestId: z.string().optional(),
})
