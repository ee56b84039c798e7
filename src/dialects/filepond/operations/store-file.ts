import type { Context } from 'hono'
import { createAppend } from '../../../core/append/create-append'
import { failField } from '../../../core/errors'
import { sanitizeFilename } from '../../../core/files/filename'
import type { IdempotencyKey } from '../../../core/idempotency/idempotency'
import type { FileId } from '../../../core/ids'
import { type GrantHolder, type Member, ownerOf } from '../../../core/organizations/principal'
import type { NewFile } from '../../../core/uploads/begin-upload'
import { uploadStream } from '../../../core/uploads/upload-stream'
import type { HttpEnv } from '../../../http/context'
import { contentTypeOfFile } from '../../../http/declared-content-type'
import { formatFileId } from '../../../http/file-ids'
import type { PartHeaders } from '../../../http/form-part'
import { operation } from '../../../http/operation'
import { readForm } from '../../../http/read-form'
import { lengthOf, uploadNameOf } from '../headers'

const api = { source: 'api', sourceDetail: null, connectorMetadata: null } as const

/** The id, as text: of the file of a form, or, with `Upload-Length` and no file, of an upload whose bytes come in chunks. */
export const storeFileOperation = operation({
  name: 'storeFile',
  method: 'post',
  path: '',
  summary: 'Store the file of a form, or begin an upload in chunks',
  access: 'files:write or grant',
  headers: ['Upload-Length', 'Upload-Name'],
  answers: { 201: 'Id' },
  marksReplays: true,
  fails: [
    'invalid_request',
    'unsupported_body',
    'content_too_large',
    'body_timed_out',
    'type_mismatch',
    'upload_too_large',
    'quota_exceeded',
    'too_many_uploads',
    'too_many_files',
    'grant_refuses_type',
    'grant_too_large',
    'grant_used_up',
    'replay_over',
    'upload_over',
    'upload_refused',
    'upload_superseded',
    'store_failed',
  ],
  async handle(c, caller, { idempotencyKey }) {
    const length = lengthOf(c)
    const { id, replayed } =
      length !== null && !isForm(c)
        ? await begin(c, caller, length, idempotencyKey)
        : await storeForm(c, caller, length, idempotencyKey)
    if (replayed) c.header('Idempotent-Replayed', 'true')
    return c.text(formatFileId(id), 201)
  },
})

function isForm(c: Context): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header('content-type')?.trim() ?? '')
}

type Made = { id: FileId; replayed: boolean }

/** An upload of `byteSize` bytes that come in chunks. */
async function begin(
  c: Context<HttpEnv>,
  caller: Member | GrantHolder,
  byteSize: number,
  idempotencyKey: IdempotencyKey | null,
): Promise<Made> {
  const filename = uploadNameOf(c)
  const contentType = contentTypeOfFile('', filename, 'Upload-Name')
  const input = {
    file: { ...ownerOf(caller), filename, contentType, metadata: {} },
    byteSize,
    sha256: null,
    statement: null,
    idempotencyKey,
    operation: 'filepond.begin',
  }
  const { progress, replayed } = await createAppend(c.get('gateway'), input, null)
  return { id: progress.file.id, replayed }
}

/**
 * The file of a form, or, where the form has none and a `length` is said, an upload in chunks. The metadata in the form, which
 * has the name of the file's field and is no file, is read over.
 */
async function storeForm(
  c: Context<HttpEnv>,
  caller: Member | GrantHolder,
  length: number | null,
  idempotencyKey: IdempotencyKey | null,
): Promise<Made> {
  const gateway = c.get('gateway')
  const byteSizeMax = gateway.limits.formUploadMaxBytes
  const form = readForm(c.req.raw, {
    isFile: ({ filename }) => filename !== null,
    fields: [],
    fileMaxBytes: byteSizeMax,
    onField: () => {},
  })
  try {
    const part = await form.nextFile()
    if (part === null && length !== null) return await begin(c, caller, length, idempotencyKey)
    const { headers, chunks } = part ?? failField('', 'the form has no file')
    const { file, replayed } = await uploadStream(gateway, {
      file: { ...ownerOf(caller), ...describe(headers), metadata: {} },
      chunks,
      byteSizeMax,
      announcedBytesMax: form.announcedBytes,
      details: async () => {
        if ((await form.nextFile()) !== null) failField(headers.name, 'must be one file')
        return { origin: api, resource: null }
      },
      idempotencyKey,
      operation: 'filepond.storeForm',
    })
    return { id: file.id, replayed }
  } finally {
    form.release()
  }
}

/** What the file's part says of it. */
function describe(headers: PartHeaders): Pick<NewFile, 'filename' | 'contentType'> {
  const { name, contentType, transferEncoding } = headers
  if (transferEncoding !== null) failField(name, `must not be sent in ${transferEncoding}`)
  const filename = sanitizeFilename(headers.filename ?? '')
  return { filename, contentType: contentTypeOfFile(contentType ?? '', filename, name) }
}
