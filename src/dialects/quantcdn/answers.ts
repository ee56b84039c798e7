import * as z from 'zod'
import { ByteCount, Metadata, Time, Uuid } from '../../http/answers'

const base = {
  fileId: Uuid,
  filename: z.string(),
  contentType: z.string(),
  metadata: Metadata,
  createdAt: Time,
}

export const ListedFile = z.strictObject({ ...base, size: ByteCount })
export type ListedFile = z.infer<typeof ListedFile>

export const StoredFile = z.strictObject({ ...base, size: ByteCount, s3Uri: z.string(), url: z.url() })
export type StoredFile = z.infer<typeof StoredFile>

/** A place for bytes that one PUT carries. */
export const PresignedFile = z.strictObject({
  ...base,
  size: ByteCount.optional(),
  uploadUrl: z.url(),
  s3Key: z.string(),
  expiresIn: z.int(),
})
export type PresignedFile = z.infer<typeof PresignedFile>

/** A place for more bytes than one PUT carries. */
export const FileInParts = z.strictObject({
  ...base,
  size: ByteCount,
  s3Key: z.string(),
  multipart: z.strictObject({
    uploadId: Uuid,
    partSize: ByteCount,
    partCount: z.int(),
    partsUrl: z.url(),
    completeUrl: z.url(),
  }),
  expiresIn: z.int(),
})
export type FileInParts = z.infer<typeof FileInParts>

export const Files = z.strictObject({
  files: z.array(ListedFile),
  nextCursor: z.string().nullable(),
  hasMore: z.boolean(),
})

export const Deleted = z.strictObject({ message: z.string(), fileId: Uuid })

export const Failure = z.strictObject({
  error: z.literal(true),
  message: z.string(),
  details: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
})
