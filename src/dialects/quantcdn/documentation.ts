import * as z from 'zod'
import type { Documentation } from '../../http/documentation'
import { Deleted, Failure, FileInParts, Files, PresignedFile, StoredFile } from './answers'
import { uploadFileRequest } from './schema'

const fileId = '019a43f0-c1d2-7c3e-8f4b-5a6978123456'
const listed = {
  fileId,
  filename: 'hello.txt',
  contentType: 'text/plain',
  metadata: { tag: 'a', artifactType: 'document' },
  createdAt: '2026-11-02T09:30:00.000Z',
  size: 15,
}
const stored = {
  ...listed,
  s3Uri: `s3://slipway/acme/${fileId}.txt`,
  url: `https://store.example.com/slipway/acme/${fileId}.txt?X-Amz-Signature=9f86d081884c7d65`,
}

export const documentation: Documentation = {
  title: 'AI files (QuantCDN)',
  description: 'QuantCDN’s AI file storage API, v3. The path is served as `organisations` too.',
  credentials: ['bearer'],
  answers: {
    UploadedFile: {
      description: 'The file: stored, or promised with where to PUT its bytes (over 5 GiB in parts)',
      schema: z.union([StoredFile, PresignedFile, FileInParts]),
      example: stored,
    },
    StoredFile: { description: 'The file with a download URL', schema: StoredFile, example: stored },
    Files: {
      description: 'A page of files, newest first',
      schema: Files,
      example: { files: [listed], nextCursor: null, hasMore: false },
    },
    Deleted: { description: 'Deleted', schema: Deleted, example: { message: 'File deleted', fileId } },
  },
  requests: {
    uploadFile: {
      description: 'Either `content`, or `requestUploadUrl` for a URL to PUT the bytes to',
      schema: uploadFileRequest(),
      example: {
        content: 'SGVsbG8sIFNsaXB3YXkhCg==',
        contentType: 'text/plain',
        filename: 'hello.txt',
        metadata: { tag: 'a' },
      },
    },
  },
  parameters: {
    organisation: { description: 'The organization', schema: z.string(), example: 'demo' },
    fileId: { description: 'The file, in the spelling of any API', schema: z.string(), example: fileId },
    filter: {
      description: 'A JSON object: files whose metadata has these values',
      schema: z.string(),
      example: '{"tag":"a"}',
    },
    limit: { description: 'The most files of a page', schema: z.int().min(1).max(200).default(50) },
    cursor: { description: '`nextCursor` of the page before', schema: z.string() },
  },
  failure: Failure,
  failureContentType: 'application/json',
}
