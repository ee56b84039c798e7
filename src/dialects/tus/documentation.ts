import * as z from 'zod'
import { fileExample } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Limits } from './answers'
import { offsetStream } from './protocol'

const sentence = (text: string) => ({ schema: z.string(), example: text, contentType: 'text/plain' })

const resumable = { 'Tus-Resumable': '`1.0.0`' }
const fileHeader = { 'X-File-Id': 'The file, once all bytes are there' }
const progress = {
  ...resumable,
  'Upload-Offset': 'How many bytes there are',
  'Upload-Expires': 'Until when the upload waits for more',
  ...fileHeader,
}
const bytes = {
  description: 'The bytes; with the last ones the upload ends',
  contentType: offsetStream,
  schema: z.string().meta({ format: 'binary' }),
  example: 'Hello',
}

export const documentation: Documentation = {
  title: 'tus',
  description:
    'The tus resumable upload protocol, version 1.0.0, with the extensions creation, creation-with-upload, creation-defer-length, expiration, checksum and termination. `OPTIONS /tus` says so without a credential.',
  credentials: ['bearer'],
  answers: {
    Created: {
      description: 'The upload. `Upload-Offset` is there if the request brought bytes',
      headers: { ...progress, Location: 'Where its bytes are appended' },
    },
    Limits: {
      description: 'What no header of tus tells: `chunkBytes` is a good size of chunks',
      schema: Limits,
      example: {
        uploadMaxBytes: 167_772_160_000,
        requestMaxBytes: 100_000_000,
        chunkBytes: 52_428_800,
      },
    },
    State: {
      description: 'How the upload stands',
      headers: {
        ...progress,
        'Upload-Length': 'How many bytes it is to have',
        'Upload-Defer-Length': '`1`: that is not known yet',
        'Upload-Metadata': 'As the client wrote it',
      },
    },
    Appended: { description: 'The bytes are kept', headers: progress },
    Ended: { description: 'The upload is given up, or its file deleted', headers: resumable },
    OtherVersion: {
      description: 'The request is of no version of tus, or of another',
      headers: { ...resumable, 'Tus-Version': '`1.0.0`' },
      ...sentence('Tus-Resumable must be 1.0.0'),
    },
  },
  requests: { createUpload: bytes, appendBytes: bytes },
  parameters: { id: { description: 'The upload', schema: z.string(), example: fileExample.id } },
  headers: {
    'Tus-Resumable': {
      description: 'The version of the protocol',
      schema: z.literal('1.0.0'),
      example: '1.0.0',
      isRequired: true,
    },
    'Upload-Length': {
      description: 'How many bytes the upload is to have',
      schema: z.int().min(0),
      example: 5,
    },
    'Upload-Defer-Length': { description: '`1`: the length is told later', schema: z.literal('1') },
    'Upload-Offset': {
      description: 'How many bytes there are',
      schema: z.int().min(0),
      example: 0,
      isRequired: true,
    },
    'Upload-Metadata': {
      description:
        'Keys, each with its value in base64. `filename` and `filetype` are the name and the type of the file; the rest becomes metadata',
      schema: z.string(),
      example: 'filename aGVsbG8udHh0,filetype dGV4dC9wbGFpbg==',
    },
    'Upload-Checksum': {
      description: 'Of the bytes of this request: `sha256`, `sha1` or `md5`, and the digest in base64',
      schema: z.string(),
      example: 'md5 ixqZU8RhEpaoJ6v4xHgE1w==',
    },
  },
  failure: z.string(),
  failureContentType: 'text/plain',
}
