import * as z from 'zod'
import { redirectAnswer } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Blob, Failure } from './answers'

const signedId = 'eyJmIjoiMDE5YTQzZjAifQ.3q2-7w'
const blob = {
  filename: 'hello.txt',
  content_type: 'text/plain',
  byte_size: 5,
  checksum: 'XUFAKrxLKna5cZ2REBfFkg==',
}

export const documentation: Documentation = {
  title: 'Direct Upload (Active Storage)',
  description: 'What `@rails/activestorage` speaks, in the shape of FastAPI’s answers.',
  credentials: ['bearer', 'apiKeyHeader'],
  answers: {
    Blob: {
      description: 'The blob, with where to PUT its bytes while they are awaited',
      schema: Blob,
      example: {
        id: 2_944_112_355_918_934,
        key: 'acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456.txt',
        ...blob,
        metadata: {},
        service_name: 'r2',
        created_at: '2026-11-02T09:30:00.000Z',
        signed_id: signedId,
        direct_upload: {
          url: 'https://store.example.com/slipway/acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456.txt?X-Amz-Signature=9f86d081884c7d65',
          headers: { 'Content-Type': 'text/plain', 'Content-MD5': blob.checksum },
        },
      },
    },
    Redirect: redirectAnswer,
  },
  requests: { createDirectUpload: { example: { blob } } },
  parameters: {
    signedId: { description: '`signed_id` of the blob', schema: z.string(), example: signedId },
    filename: {
      description: 'For people; the blob’s own counts',
      schema: z.string(),
      example: blob.filename,
    },
    disposition: {
      description: 'How a browser is to show it; `attachment` always for types that it would run',
      schema: z.enum(['attachment', 'inline']).default('attachment'),
    },
  },
  failure: Failure,
  failureContentType: 'application/json',
}
