import * as z from 'zod'
import type { Metadata } from '../../core/files/metadata'
import { once } from '../../core/once'
import { mustBe, mustBeObject } from '../../http/field-messages'
import { respelled } from '../../http/respell-fields'

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
const jsonObject = () =>
  z
    .custom<Metadata>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      mustBe('a JSON object'),
    )
    .meta({ type: 'object' })

/**
 * The body of uploadFile. Generated clients send what is not set as null. Unknown fields are ignored, unless one
 * is nearly called as one of these that is missing. `content` is decoded before the rest is read, under its own
 * name only.
 */
export const uploadFileRequest = once(() => {
  const fields = {
    content: z.string(mustBe('a base64 string')).nullish(),
    requestUploadUrl: z.boolean(mustBe('true or false')).nullish(),
    size: z.int(mustBe('a whole number of bytes')).nonnegative(mustBe('0 or more')).nullish(),
    filename: z.string(mustBe('a string')).nullish(),
    contentType: z.string(mustBe('a media type such as image/png')),
    metadata: jsonObject().nullish(),
  }
  const respell = respelled(Object.keys(fields), { exact: ['content'] })
  return z.preprocess(respell, z.object(fields, mustBeObject))
})
