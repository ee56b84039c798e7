import * as z from 'zod'
import { contentAnswers, fileExample } from '../../http/answers'
import type { Documentation } from '../../http/documentation'

const offset = { 'Upload-Offset': 'How many bytes there are' }
const text = { schema: z.string(), contentType: 'text/plain' }

export const documentation: Documentation = {
  title: 'FilePond',
  description: 'What the FilePond widget asks of its `server`: forms, chunks, revert and load.',
  credentials: ['bearer'],
  answers: {
    Id: { description: 'The id of the file, or of the upload', ...text, example: fileExample.id },
    Offset: { description: 'Where the next chunk belongs', headers: offset },
    Reverted: { description: 'The upload is taken back' },
    NotOffered: {
      description: '`restore`, `fetch` and `remove` are not offered',
      ...text,
      example: 'Files are not fetched from other servers',
    },
    ...contentAnswers,
  },
  requests: {
    storeFile: {
      description: 'A form with a file in a field of any name; with `Upload-Length` also one without a file',
      contentType: 'multipart/form-data',
      schema: z.object({ filepond: z.string().meta({ format: 'binary' }) }),
      example: { filepond: '(the bytes)' },
    },
    appendChunk: {
      description: 'The chunk',
      contentType: 'application/offset+octet-stream',
      schema: z.string().meta({ format: 'binary' }),
      example: 'Hello',
    },
    revertFile: {
      description: 'The id that an earlier answer said',
      contentType: 'text/plain',
      schema: z.string(),
      example: fileExample.id,
    },
  },
  parameters: {
    patch: { description: 'The upload', schema: z.string(), example: fileExample.id, isRequired: true },
    load: { description: 'The file', schema: z.string(), example: fileExample.id },
    restore: { description: 'Not offered', schema: z.string() },
    fetch: { description: 'Not offered', schema: z.string() },
    remove: { description: 'Not offered', schema: z.string() },
  },
  headers: {
    'Upload-Length': {
      description: 'How many bytes the file has; on a POST: they come in chunks',
      schema: z.int().min(0),
      example: 5,
    },
    'Upload-Name': { description: 'The name of the file that comes in chunks', schema: z.string() },
    'Upload-Offset': {
      description: 'Where the chunk belongs',
      schema: z.int().min(0),
      example: 0,
      isRequired: true,
    },
  },
  failure: z.string(),
  failureContentType: 'text/plain',
}
