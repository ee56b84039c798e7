import * as z from 'zod'
import type { Answer } from './documentation'

/** A UUIDv7, and a UUIDv7 as `/v1` names files: `file_` and its 32 digits. */
export const Uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
export const PublicFileId = z.string().regex(/^file_[0-9a-f]{32}$/)
export const Time = z.iso.datetime()
export const ByteCount = z.int().min(0)
export const Metadata = z.record(z.string(), z.unknown())

export const Status = z.enum(['uploading', 'ready', 'error', 'failed'])

/** Why a file has no bytes. */
export const RefusalCode = z.enum([
  'size_mismatch',
  'type_mismatch',
  'checksum_mismatch',
  'encoding_not_promised',
  'copied_not_uploaded',
  'quota_exceeded',
  'grant_exceeded',
  'parts_lost',
  'never_arrived',
  'aborted',
])

export const Association = z.strictObject({
  resourceType: z.string(),
  resourceId: z.string(),
  createdAt: Time,
})
export type Association = z.infer<typeof Association>

/** A file of any dialect, in any state. */
export const File = z.strictObject({
  id: PublicFileId,
  filename: z.string(),
  contentType: z.string(),
  sizeBytes: ByteCount,
  sha256: z.string().length(64).nullable(),
  isDuplicate: z.boolean(),
  storageCharged: ByteCount,
  status: Status,
  createdAt: Time,
  processingStatus: z.strictObject({ progress: z.int(), error: RefusalCode }).nullable(),
  processedAt: Time.nullable(),
  source: z.enum(['api', 'm2m', 'connector']),
  sourceDetail: z.string().nullable(),
  connectorMetadata: Metadata.nullable(),
  associations: z.array(Association).optional(),
})
export type File = z.infer<typeof File>

export const associationExample = {
  resourceType: 'chat',
  resourceId: 'chat_1',
  createdAt: '2026-11-02T09:30:00.000Z',
} satisfies Association

export const fileExample = {
  id: 'file_019a43f0c1d27c3e8f4b5a6978123456',
  filename: 'report.pdf',
  contentType: 'application/pdf',
  sizeBytes: 48_213,
  sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
  isDuplicate: false,
  storageCharged: 48_213,
  status: 'ready',
  createdAt: '2026-11-02T09:30:00.000Z',
  processingStatus: null,
  processedAt: '2026-11-02T09:30:00.000Z',
  source: 'api',
  sourceDetail: null,
  connectorMetadata: null,
} satisfies File

/** RFC 9457. `errors` names the fields of a request that are wrong. */
export const Problem = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
})

const validators = {
  ETag: 'Of the bytes, for conditional requests',
  'Last-Modified': 'When the file was made',
  'Accept-Ranges': '`bytes`',
}

/** Answers with a file's bytes through the Worker. */
export const contentAnswers = {
  Content: { description: 'The bytes of the file', isBytes: true, headers: validators },
  Part: {
    description: 'The part of the bytes that `Range` asks for',
    isBytes: true,
    headers: { ...validators, 'Content-Range': 'Which part this is' },
  },
  NotModified: { description: 'The client has these bytes', headers: validators },
  NoSuchRange: {
    description: '`Range` asks for bytes that there are not',
    headers: { 'Content-Range': 'How many bytes there are' },
  },
} satisfies Record<string, Answer>

export const redirectAnswer = {
  description: 'Where the store hands the bytes out',
  headers: { Location: 'A presigned GET' },
} satisfies Answer
