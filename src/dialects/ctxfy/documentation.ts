import * as z from 'zod'
import { contentAnswers } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { ApiKey, ApiKeys, Failure, NewApiKey, Upload } from './answers'

const key = {
  id: '5f2a91c07be34d18',
  key_prefix: 'slip_5f2a91c07be34d18',
  name: 'the app',
  expiration_date: '2027-11-02T09:00:00.000Z',
  created_at: '2026-11-02T09:00:00.000Z',
  revoked_at: null,
  last_used_at: null,
  scopes: ['files:read', 'files:write'],
}
const fileKey = 'acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456.png'

export const documentation: Documentation = {
  title: 'Public uploads and API keys (Ctxfy)',
  description: 'Presigned uploads of files that everyone can read, and the API keys of an organization.',
  credentials: ['bearer'],
  answers: {
    Upload: {
      description: 'Where to PUT the bytes, and where everyone can read them then',
      schema: Upload,
      example: {
        uploadUrl:
          'https://store.example.com/slipway/_incoming/acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456?X-Amz-Signature=9f86d081884c7d65',
        publicUrl: `https://uploads.example.com/public/${fileKey}`,
        fileKey,
      },
    },
    ApiKey: {
      description: 'The key, revoked',
      schema: ApiKey,
      example: { ...key, revoked_at: '2026-11-03T09:00:00.000Z' },
    },
    NewApiKey: {
      description: 'The key with its secret, which no other answer has',
      schema: NewApiKey,
      example: { ...key, api_key: `${key.key_prefix}_(64 hexadecimal digits)` },
    },
    ApiKeys: {
      description: 'A page of keys, newest first',
      schema: ApiKeys,
      example: { api_keys: [key], pagination: { page: 1, per_page: 20, total: 1, pages: 1 } },
    },
  },
  requests: {
    createUpload: { example: { filename: 'photo.png', contentType: 'image/png', size: 1_048_576 } },
    createApiKey: { example: { name: 'the app', scopes: ['files:read', 'files:write'] } },
  },
  parameters: {
    id: { description: 'The key', schema: z.string(), example: key.id },
    page: { description: 'Which page, from 1', schema: z.int().min(1).default(1) },
    per_page: { description: 'The most keys of a page', schema: z.int().min(1).max(100).default(20) },
    organization: { description: 'Whose keys, for the root key', schema: z.string(), example: 'acme' },
  },
  failure: Failure,
  failureContentType: 'application/json',
}

/** What `publicUrl` points at. */
export const publicFilesDocumentation: Documentation = {
  title: 'Public files',
  description: 'The bytes of public files, for everyone.',
  credentials: [],
  answers: contentAnswers,
  requests: {},
  parameters: {
    fileKey: { description: '`fileKey` of the upload', schema: z.string(), example: fileKey },
  },
  failure: Failure,
  failureContentType: 'application/json',
}
