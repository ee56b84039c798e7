import * as z from 'zod'
import type { Metadata } from '../../core/files/metadata'

/** The media types of the public API. */
export const supportedContentTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/svg+xml',
  'application/pdf',
  'text/plain',
  'text/markdown',
  'text/html',
  'text/javascript',
  'application/json',
  'text/css',
  'text/yaml',
  'application/zip',
  'application/gzip',
  'video/mp4',
  'video/webm',
]

/** Any JSON object, as it is: what was parsed from JSON needs no look inside, and no name in it is special. */
const jsonObject = z.custom<Metadata>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be a JSON object',
)

/** The body of uploadFile. Generated clients send what is not set as null. Unknown fields are ignored. */
export const uploadFileRequest = z.object({
  content: z.string('must be a base64 string').nullish(),
  requestUploadUrl: z.boolean('must be true or false').nullish(),
  size: z.int('must be a whole number').nonnegative('must not be negative').nullish(),
  filename: z.string('must be a string').nullish(),
  contentType: z.string('is required and must be a string'),
  metadata: jsonObject.nullish(),
})
