import * as z from 'zod'
import { ByteCount, Metadata, PublicFileId, Time } from '../../http/answers'

const GrantId = z.string().regex(/^grant_[0-9a-f]{32}$/)

const terms = {
  expiresAt: Time,
  maxBytes: ByteCount,
  maxFiles: z.int().min(1),
  contentTypes: z.array(z.string()).nullable(),
  metadata: Metadata,
  origins: z.array(z.string()).nullable(),
}
const use = { filesUsed: z.int().min(0), bytesUsed: ByteCount }

export const CreatedGrant = z.strictObject({ id: GrantId, token: z.string(), url: z.url(), ...terms })
export type CreatedGrant = z.infer<typeof CreatedGrant>

export const HeldGrant = z.strictObject({ id: GrantId, ...terms, ...use })
export type HeldGrant = z.infer<typeof HeldGrant>

export const Grant = z.strictObject({
  id: GrantId,
  expiresAt: Time.nullable(),
  maxBytes: ByteCount.nullable(),
  maxFiles: z.int().min(1).nullable(),
  contentTypes: z.array(z.string()).nullable(),
  metadata: Metadata.nullable(),
  origins: z.array(z.string()).nullable(),
  ...use,
  revokedAt: Time.nullable(),
})
export type Grant = z.infer<typeof Grant>

export const GrantWithFiles = z.strictObject({ ...Grant.shape, files: z.array(PublicFileId) })
export type GrantWithFiles = z.infer<typeof GrantWithFiles>

export const Grants = z.strictObject({
  grants: z.array(Grant),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
})
