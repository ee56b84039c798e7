import * as z from 'zod'
import { File, fileExample, Problem } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Created, Known, Parts, SignedParts, Upload } from './answers'

const { id } = fileExample
const partEtag = '9b2cf535f27731c974343645a3985328'
const part = { partNumber: 1, size: 5_242_880, etag: partEtag }
const signedPart = {
  partNumber: 1,
  url: 'https://store.example.com/slipway/_incoming/acme/019a43f0-c1d2-7c3e-8f4b-5a6978123456?partNumber=1&X-Amz-Signature=9f86d081884c7d65',
  headers: {},
  size: 5_242_880,
}
const plan = { partSize: 5_242_880, partCount: 2 }
const expiresAt = '2026-11-09T09:30:00.000Z'

export const documentation: Documentation = {
  title: 'Uploads',
  description:
    'The gateway’s own upload lifecycle, for files of up to 5 TiB, in one PUT or in parts, whichever API began them.',
  credentials: ['bearer'],
  answers: {
    Created: {
      description: 'Where to PUT the bytes: in one piece, or in parts',
      schema: Created,
      example: { id, multipart: { ...plan, expiresAt }, parts: [signedPart] },
    },
    Known: {
      description:
        'The organization has bytes of this SHA-256: the file is ready, and there is nothing to send',
      schema: Known,
      example: { id, status: 'ready', isDuplicate: true },
    },
    Upload: {
      description: 'The upload and its file',
      schema: Upload,
      example: {
        id,
        status: 'uploading',
        error: null,
        method: 'multipart',
        sealed: { contentType: 'video/mp4', size: 6_291_456, md5: null, sha256: null, writeOnce: false },
        expiresAt,
        multipart: plan,
        parts: [part],
      },
    },
    Aborted: { description: 'The upload is over, and its bytes are deleted' },
    Parts: { description: 'The parts that the store has', schema: Parts, example: { parts: [part] } },
    SignedParts: {
      description: 'A URL for each part',
      schema: SignedParts,
      example: { parts: [signedPart] },
    },
    File: { description: 'The file, which is ready', schema: File, example: fileExample },
  },
  requests: {
    createUpload: {
      example: { filename: 'film.mp4', contentType: 'video/mp4', size: 6_291_456, multipart: true },
    },
    signParts: { example: { partNumbers: [1, 2] } },
    completeUpload: {
      description:
        'All parts with their ETags where the store cannot list parts; otherwise no body is needed',
      example: { parts: [{ partNumber: 1, etag: partEtag }] },
    },
  },
  parameters: {
    id: { description: 'The file, in the spelling of any API', schema: z.string(), example: id },
  },
  failure: Problem,
  failureContentType: 'application/problem+json',
}
