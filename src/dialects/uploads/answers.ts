import * as z from 'zod'
import { ByteCount, PublicFileId, RefusalCode, Status, Time } from '../../http/answers'

const PartNumber = z.int().min(1).max(10_000)
/** Headers that the client itself must send, with exactly these values. */
const SealedHeaders = z.record(z.string(), z.string())
const PartPlan = z.strictObject({ partSize: ByteCount, partCount: z.int().min(1) })

export const Part = z.strictObject({ partNumber: PartNumber, size: ByteCount, etag: z.string() })
export type Part = z.infer<typeof Part>

export const SignedPart = z.strictObject({
  partNumber: PartNumber,
  url: z.url(),
  headers: SealedHeaders,
  size: ByteCount,
})
export type SignedPart = z.infer<typeof SignedPart>

export const Known = z.strictObject({
  id: PublicFileId,
  status: z.literal('ready'),
  isDuplicate: z.boolean(),
})

export const Created = z.union([
  z.strictObject({
    id: PublicFileId,
    method: z.literal('PUT'),
    url: z.url(),
    headers: SealedHeaders,
    expiresAt: Time,
  }),
  z.strictObject({
    id: PublicFileId,
    multipart: z.strictObject({ ...PartPlan.shape, expiresAt: Time }),
    parts: z.array(SignedPart),
  }),
])
export type Created = z.infer<typeof Created> | z.infer<typeof Known>

/** What is sealed is told while there is an upload; `parts` is null where the store cannot list them. */
export const Upload = z.strictObject({
  id: PublicFileId,
  status: Status,
  error: RefusalCode.nullable(),
  method: z.enum(['edge', 'append', 'PUT', 'multipart']).optional(),
  sealed: z
    .strictObject({
      contentType: z.string(),
      size: ByteCount.nullable(),
      md5: z.base64().nullable(),
      sha256: z.string().length(64).nullable(),
      writeOnce: z.boolean(),
    })
    .optional(),
  expiresAt: Time.optional(),
  multipart: PartPlan.optional(),
  parts: z.array(Part).nullable().optional(),
})
export type Upload = z.infer<typeof Upload>

export const Parts = z.strictObject({ parts: z.array(Part) })
export const SignedParts = z.strictObject({ parts: z.array(SignedPart) })
