import type { Context } from 'hono'
import { fail, failField } from '../../../core/errors'
import { essenceOf, parseContentType } from '../../../core/files/content-type'
import { sanitizeFilename } from '../../../core/files/filename'
import { locate, presignDownload } from '../../../core/files/get-file'
import { checkMetadata } from '../../../core/files/metadata'
import { canonicalTypeOf } from '../../../core/files/type-names'
import { singlePutMaxBytes } from '../../../core/gateway'
import { sayValue } from '../../../core/say-value'
import type { NewFile } from '../../../core/uploads/begin-upload'
import { type CreateUpload, createUpload } from '../../../core/uploads/create-upload'
import { presignUpload } from '../../../core/uploads/presign-upload'
import { uploadBytes } from '../../../core/uploads/upload-bytes'
import type { HttpEnv } from '../../../http/context'
import { operation } from '../../../http/operation'
import { parseFields } from '../../../http/parse-fields'
import { readJsonUpload } from '../../../http/read-json-upload'
import { presentInParts, presentPresigned, presentStored } from '../presenter'
import { uploadFileRequest } from '../schema'

/** `supported` are the media types that are accepted. */
export const uploadFileOperation = (supported: readonly string[]) =>
  operation({
    name: 'uploadFile',
    method: 'post',
    path: '',
    summary: 'Store the base64 bytes of the body, or get a URL to PUT them to',
    access: 'files:write',
    answers: { 201: 'UploadedFile' },
    marksReplays: true,
    fails: [
      'invalid_request',
      'unsupported_content_type',
      'content_too_large',
      'body_timed_out',
      'upload_too_large',
      'size_mismatch',
      'type_mismatch',
      'quota_exceeded',
      'too_many_uploads',
      'too_many_unsized_uploads',
      'too_many_files',
      'replay_over',
      'upload_superseded',
      'store_failed',
    ],
    async handle(c, { organizationId }, { idempotencyKey }) {
      const { limits } = c.get('gateway')
      const body = await readJsonUpload(c.req.raw, {
        field: 'content',
        maxDecodedBytes: limits.directUploadMaxBytes,
      })
      const request = parseFields(uploadFileRequest(), body.fields)
      const file: NewFile = {
        organizationId,
        filename: request.filename == null ? null : sanitizeFilename(request.filename),
        contentType: supportedContentType(request.contentType, supported),
        metadata: checkMetadata(request.metadata ?? {}, 'metadata'),
      }
      const size = request.size ?? null
      const { bytes } = body

      if (request.requestUploadUrl === true) {
        if (bytes !== null && bytes.length > 0) failField('content', 'must be left out with requestUploadUrl')
        const operationName = 'quantcdn.uploadFile.presigned'
        if (size !== null && size > singlePutMaxBytes)
          return createInParts(c, { file, byteSize: size, idempotencyKey, operation: operationName })
        return presign(c, { file, byteSize: size, idempotencyKey, operation: operationName })
      }
      if (bytes === null) failField('content', 'is required unless requestUploadUrl is true')
      if (size !== null && size !== bytes.length)
        fail({ code: 'size_mismatch', expected: size, actual: bytes.length })
      return store(c, { file, bytes, idempotencyKey, operation: 'quantcdn.uploadFile.direct' })
    },
  })

async function store(c: Context<HttpEnv>, input: Parameters<typeof uploadBytes>[1]): Promise<Response> {
  const gateway = c.get('gateway')
  const { file, replayed } = await uploadBytes(gateway, input)
  if (replayed) c.header('Idempotent-Replayed', 'true')
  const url = await presignDownload(gateway, file)
  return c.json(presentStored(file, locate(gateway, file), url), 201)
}

async function presign(c: Context<HttpEnv>, input: Parameters<typeof presignUpload>[1]): Promise<Response> {
  const presigned = await presignUpload(c.get('gateway'), input)
  if (presigned.replayed) c.header('Idempotent-Replayed', 'true')
  return c.json(presentPresigned(presigned), 201)
}

async function createInParts(
  c: Context<HttpEnv>,
  input: Pick<CreateUpload, 'file' | 'byteSize' | 'idempotencyKey' | 'operation'>,
): Promise<Response> {
  const gateway = c.get('gateway')
  const promised = { md5: null, sha256: null, wantsParts: true, partBytes: null }
  const created = await createUpload(gateway, { ...input, ...promised })
  if (created.kind !== 'multipart') fail({ code: 'internal' })
  if (created.replayed) c.header('Idempotent-Replayed', 'true')
  const uploadsUrl = `${c.get('gatewayUrl')}/v1/uploads`
  return c.json(presentInParts(created, uploadsUrl, gateway.now()), 201)
}

function supportedContentType(text: string, supported: readonly string[]): string {
  const contentType = parseContentType(text)
  if (contentType === null)
    failField('contentType', `must be a media type such as image/png, not ${sayValue(text)}`)
  // Under any of its names, and kept as the client wrote it: the upload URL is sealed with these words.
  if (!supported.includes(essenceOf(contentType)) && !supported.includes(canonicalTypeOf(contentType)))
    fail({ code: 'unsupported_content_type', contentType: essenceOf(contentType), supported })
  return contentType
}
