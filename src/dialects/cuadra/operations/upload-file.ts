import type { Context } from 'hono'
import type { Association } from '../../../core/associations/association'
import { fail, failField } from '../../../core/errors'
import type { FileOrigin } from '../../../core/files/file-record'
import { summaryOf } from '../../../core/files/file-summary'
import { sanitizeFilename } from '../../../core/files/filename'
import { asSeenBy } from '../../../core/grants/grant'
import { type GrantHolder, type Member, ownerOf } from '../../../core/organizations/principal'
import type { NewFile } from '../../../core/uploads/begin-upload'
import { type StreamedUpload, uploadStream } from '../../../core/uploads/upload-stream'
import type { HttpEnv } from '../../../http/context'
import { operation } from '../../../http/operation'
import { presentFile } from '../../../http/present-file'
import { type Form, type FormFile, readForm } from '../../../http/read-form'
import { type AcceptedTypes, acceptedContentType } from '../accepted-types'
import { type UploadFields, uploadFieldNames, uploadFieldsReader } from '../upload-fields'

const octetStream = 'application/octet-stream'

/** A multipart form, stored as it arrives. The file may come before or after the fields. */
export const uploadFileOperation = (accepted: AcceptedTypes) =>
  operation({
    name: 'uploadFile',
    method: 'post',
    path: '',
    summary: 'Store the file of a multipart form',
    access: 'files:write or grant',
    answers: { 201: 'File' },
    marksReplays: true,
    fails: [
      'invalid_request',
      'unsupported_body',
      'unsupported_content_type',
      'content_too_large',
      'body_timed_out',
      'type_mismatch',
      'quota_exceeded',
      'too_many_uploads',
      'too_many_files',
      'grant_forbids',
      'grant_refuses_type',
      'grant_too_large',
      'grant_used_up',
      'upload_superseded',
      'store_failed',
    ],
    async handle(c, caller, { idempotencyKey }) {
      const owner = ownerOf(caller)
      const gateway = c.get('gateway')
      const byteSizeMax = gateway.limits.formUploadMaxBytes
      const fields = uploadFieldsReader()
      const form = readForm(c.req.raw, {
        isFile: ({ name }) => name === 'file',
        fields: uploadFieldNames,
        fileMaxBytes: byteSizeMax,
        onField: fields.take,
      })
      try {
        const part = (await form.nextFile()) ?? failField('file', 'is required')
        const file = { ...owner, metadata: {}, ...describe(part, accepted) }
        const uploaded = await uploadStream(gateway, {
          file,
          chunks: part.chunks,
          byteSizeMax,
          announcedBytesMax: form.announcedBytes,
          details: async () => detailsOf(await fieldsOf(form, fields.read), caller),
          idempotencyKey,
          operation: 'cuadra.uploadFile',
        })
        return answer(c, { ...uploaded, file: asSeenBy(owner, uploaded.file) })
      } finally {
        form.release()
      }
    },
  })

/** What the file's part says of it. */
function describe({ headers }: FormFile, accepted: AcceptedTypes): Pick<NewFile, 'filename' | 'contentType'> {
  const { filename, contentType, transferEncoding } = headers
  if (filename === null) failField('file', 'must be sent as a file, with a filename')
  // What browsers send of an input that was left empty (HTML, "Constructing the entry list").
  if (filename === '' && (contentType ?? octetStream) === octetStream)
    failField('file', 'is required: no file was chosen')
  if (transferEncoding !== null) failField('file', `must not be sent in ${transferEncoding}`)
  const name = sanitizeFilename(filename)
  return { filename: name, contentType: acceptedContentType(accepted, contentType, name ?? '') }
}

/** The fields, once the form is complete. */
async function fieldsOf(form: Form, read: () => UploadFields): Promise<UploadFields> {
  if ((await form.nextFile()) !== null) failField('file', 'must be sent once')
  return read()
}

/** Throws `grant_forbids` where the holder of a grant says more than that it uploads a file. */
function detailsOf(fields: UploadFields, caller: Member | GrantHolder) {
  const { resource, sourceDetail, connectorMetadata } = fields
  const saysMore = resource !== null || sourceDetail !== null || connectorMetadata !== null
  if (caller.kind === 'grant' && saysMore) fail({ code: 'grant_forbids' })
  const isMachine = caller.kind === 'jwt' && caller.isMachine
  const source: FileOrigin['source'] = connectorMetadata !== null ? 'connector' : isMachine ? 'm2m' : 'api'
  return { origin: { source, sourceDetail, connectorMetadata }, resource }
}

function answer(c: Context<HttpEnv>, { file, details, replayed }: StreamedUpload): Response {
  if (replayed) c.header('Idempotent-Replayed', 'true')
  const associations: Association[] =
    details.resource === null ? [] : [{ resource: details.resource, createdAt: file.createdAt }]
  return c.json(presentFile(summaryOf(file), associations), 201)
}
