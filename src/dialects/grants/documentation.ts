import * as z from 'zod'
import { File, fileExample, Problem } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { CreatedGrant, Grants, GrantWithFiles, HeldGrant } from './answers'

const id = 'grant_019a43f0c1d27c3e8f4b5a6978123456'
const token = 'slipgrant_WzEsIjAxOWE0M2YwLWMxZDItN2MzZS04ZjRiLTVhNjk3ODEyMzQ1NiIsImFjbWUi'
const terms = {
  expiresAt: '2026-11-02T09:45:00.000Z',
  maxBytes: 10_485_760,
  maxFiles: 3,
  contentTypes: ['image/*', 'application/pdf'],
  metadata: { ticket: 4711 },
  origins: ['https://app.example.com'],
}
const use = { filesUsed: 1, bytesUsed: 48_213 }
const used = { id, ...terms, ...use, revokedAt: null }

const failing = { failure: Problem, failureContentType: 'application/problem+json' }

export const documentation: Documentation = {
  title: 'Grants',
  description:
    'The right to upload so much, of these types, until then, and nothing else: for those who have no key, such as a user’s browser. Its token says all of it, so that making one writes nothing.',
  credentials: ['bearer'],
  answers: {
    Created: {
      description: 'The grant with its token, which is shown here only',
      schema: CreatedGrant,
      example: { id, token, url: `https://uploads.example.com/g/${token}`, ...terms },
    },
    GrantWithFiles: {
      description: 'The grant, and the newest of its files, whatever their status',
      schema: GrantWithFiles,
      example: { ...used, files: [fileExample.id] },
    },
    Grants: {
      description: 'A page of grants',
      schema: Grants,
      example: { grants: [used], hasMore: false, nextCursor: null },
    },
    Revoked: { description: 'No upload begins under it any more' },
  },
  requests: {
    createGrant: {
      example: { maxBytes: 10_485_760, maxFiles: 3, contentTypes: ['image/*', 'application/pdf'] },
    },
  },
  parameters: {
    id: { description: 'The grant', schema: z.string(), example: id },
    limit: { description: 'How many grants, 50 unless told otherwise', schema: z.int().min(1).max(100) },
    cursor: { description: 'The `nextCursor` of the page before', schema: z.string() },
  },
  ...failing,
}

export const holderDocumentation: Documentation = {
  title: 'Under a grant',
  description:
    'A grant’s own address. Below it are also the paths of the other APIs, as far as a grant may use them, such as `/g/{token}/v1/uploads`.',
  credentials: [],
  answers: {
    HeldGrant: {
      description: 'What the grant allows, and how much of it is used. Browsers get a page',
      schema: HeldGrant,
      example: { id, ...terms, ...use },
    },
    File: { description: 'The file, which is ready', schema: File, example: fileExample },
  },
  requests: {
    putFile: {
      description:
        'The bytes of the file. Its type is that of `Content-Type`, or else of the name’s extension',
      schema: z.string().meta({ format: 'binary' }),
      contentType: 'application/octet-stream',
      example: 'Hello',
    },
  },
  parameters: {
    token: { description: 'The token of the grant', schema: z.string(), example: token },
    filename: { description: 'The name of the file', schema: z.string(), example: 'report.pdf' },
  },
  ...failing,
}
