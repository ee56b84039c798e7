import * as z from 'zod'
import {
  Association,
  associationExample,
  contentAnswers,
  File,
  fileExample,
  Problem,
  redirectAnswer,
  Status,
} from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Files, Link } from './answers'

export const documentation: Documentation = {
  title: 'Files (Cuadra)',
  description: 'Files of every API, in every state: forms, lists, associations, content.',
  credentials: ['bearer'],
  answers: {
    File: {
      description: 'The file',
      schema: File,
      example: { ...fileExample, associations: [associationExample] },
    },
    Files: {
      description: 'A page of files, newest first',
      schema: Files,
      example: { items: [fileExample], hasMore: false, nextCursor: null },
    },
    Association: {
      description: 'The association, also where it was there already',
      schema: Association,
      example: associationExample,
    },
    Link: {
      description: 'A presigned GET',
      schema: Link,
      example: {
        url: 'https://store.example.com/slipway/acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456.pdf?X-Amz-…',
        expiresAt: '2026-11-02T10:30:00.000Z',
      },
    },
    Deleted: { description: 'Deleted' },
    Redirect: redirectAnswer,
    ...contentAnswers,
  },
  requests: {
    uploadFile: {
      description: 'The file may come before or after the other fields',
      contentType: 'multipart/form-data',
      schema: z.object({
        file: z.string().meta({ format: 'binary', description: 'The file, with its name and type' }),
        resource_type: z
          .enum(['chat', 'dataset'])
          .optional()
          .meta({ examples: ['chat'] }),
        resource_id: z
          .string()
          .optional()
          .meta({ examples: ['chat_1'] }),
        source_detail: z
          .string()
          .max(255)
          .optional()
          .meta({ examples: ['import'] }),
        connector_metadata: z
          .string()
          .optional()
          .meta({ description: 'A JSON object', examples: ['{"page":7}'] }),
      }),
      example: { file: '(the bytes)', resource_type: 'chat', resource_id: 'chat_1' },
    },
    createLink: {
      description:
        '`expiresIn`: seconds, by default `DOWNLOAD_URL_TTL_SECONDS`. `disposition`: `inline` shows images, audio, video, PDF and plain text; other types stay `attachment`, the default',
      example: { expiresIn: 86_400, disposition: 'inline' },
    },
    associateFile: { example: { resourceType: 'dataset', resourceId: 'd1' } },
  },
  parameters: {
    fileId: {
      description: 'The file, in the spelling of any API',
      schema: z.string(),
      example: fileExample.id,
    },
    resourceType: { description: 'What kind of thing', schema: z.string(), example: 'chat' },
    resourceId: { description: 'Which one', schema: z.string(), example: 'chat_1' },
    statusFilter: {
      description: 'Only files with this status',
      schema: z.enum([...Status.options, 'uploaded', 'processing']),
      example: 'ready',
    },
    limit: { description: 'The most files of a page', schema: z.int().min(1).max(100).default(20) },
    cursor: { description: '`nextCursor` of the page before', schema: z.string() },
    'expand[]': {
      description: 'Also the associations of each file',
      schema: z.array(z.literal('associations')),
    },
    redirect: {
      description: '`false`: the bytes come through the Worker, with ranges and preconditions',
      schema: z.boolean().default(true),
    },
  },
  failure: Problem,
  failureContentType: 'application/problem+json',
}
