import * as z from 'zod'
import { File, fileExample } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { UploadProblem } from './answers'
import { partialUpload } from './fields'

const binary = z.string().meta({ format: 'binary' })
const state = {
  'Upload-Complete': '`?1` once all bytes are there',
  'Upload-Offset': 'How many bytes there are',
  'Upload-Limit': 'How large an upload and a request of it may be, and for how many seconds it waits',
}
const digest = { 'Repr-Digest': 'The SHA-256 of all bytes, if the client asks for it and it is known' }
const location = { Location: 'Where the other bytes are appended' }

export const documentation: Documentation = {
  title: 'Resumable uploads (IETF draft)',
  description:
    'Resumable uploads for HTTP as draft-ietf-httpbis-resumable-upload-12 has them. There are no interim responses (104): a Worker cannot send any. `OPTIONS /v1/resumable` says the limits without a credential.',
  credentials: ['bearer'],
  answers: {
    CreatedOrFile: {
      description:
        'With all bytes, the file; with `Upload-Complete: ?0`, an upload that waits for the others, and no body',
      schema: File,
      example: fileExample,
      mayBeEmpty: true,
      headers: { ...location, ...state, ...digest },
    },
    File: {
      description: 'These were the last bytes: the file',
      schema: File,
      example: fileExample,
      headers: { ...location, ...state, ...digest },
    },
    Appended: { description: 'The bytes are kept', headers: state },
    State: {
      description: 'How the upload stands',
      headers: { ...state, ...digest, 'Upload-Length': 'How many bytes it is to have, if that is known' },
    },
    Cancelled: {
      description: 'The upload is given up; one that was complete stays',
      headers: { 'Upload-Complete': '`?1`: it was complete' },
    },
  },
  requests: {
    createUpload: {
      description: 'The bytes of the file, or the first of them',
      contentType: '*/*',
      schema: binary,
      example: 'Hello',
    },
    appendBytes: {
      description: 'The next bytes',
      contentType: partialUpload,
      schema: binary,
      example: 'Hello',
    },
  },
  parameters: { id: { description: 'The upload', schema: z.string(), example: fileExample.id } },
  headers: {
    'Upload-Complete': {
      description: '`?1`: this request has the last bytes. Left out of a POST: it has all of them',
      schema: z.enum(['?0', '?1']),
      example: '?1',
    },
    'Upload-Length': {
      description: 'How many bytes the upload is to have',
      schema: z.int().min(0),
      example: 5,
    },
    'Upload-Offset': {
      description: 'How many bytes there are',
      schema: z.int().min(0),
      example: 0,
      isRequired: true,
    },
    'Content-Disposition': {
      description: 'The name of the file (RFC 6266)',
      schema: z.string(),
      example: 'inline; filename="hello.txt"',
    },
    'Repr-Digest': {
      description: 'The SHA-256 of all bytes (RFC 9530), compared once they are there',
      schema: z.string(),
      example: 'sha-256=:GF+NsyJx/iX1Yab8k4suJkMG7DBO2lGAB9F2SCY4GWk=:',
    },
    'Content-Digest': {
      description: 'The SHA-256 of the bytes of this request: they are kept only if it is theirs',
      schema: z.string(),
      example: 'sha-256=:GF+NsyJx/iX1Yab8k4suJkMG7DBO2lGAB9F2SCY4GWk=:',
    },
    'Want-Repr-Digest': {
      description: 'Asks for the SHA-256 of all bytes',
      schema: z.string(),
      example: 'sha-256=10',
    },
  },
  failure: UploadProblem,
  failureContentType: 'application/problem+json',
}
