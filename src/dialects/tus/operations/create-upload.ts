import type { Context } from 'hono'
import { createAppend } from '../../../core/append/create-append'
import { ownerOf } from '../../../core/organizations/principal'
import { announcedBytesOf, type BodyBytes, requireBodyType, withBodyBytes } from '../../../http/body-bytes'
import { formatFileId } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { ownUrl } from '../../../http/own-url'
import { appendFails } from '../failures'
import { checksumOf, newLengthOf, refuseConcatenation } from '../headers'
import { readMetadata } from '../metadata'
import { fateHeaders, progressHeaders } from '../presenter'
import { offsetStream } from '../protocol'

/** The upload, with the first bytes if the request brings some. */
export const createUploadOperation = operation({
  name: 'createUpload',
  method: 'post',
  path: '',
  summary: 'Begin an upload, with or without its first bytes',
  access: 'files:write or grant',
  headers: ['Tus-Resumable', 'Upload-Length', 'Upload-Defer-Length', 'Upload-Metadata', 'Upload-Checksum'],
  answers: { 201: 'Created', 412: 'OtherVersion' },
  marksReplays: true,
  fails: [
    ...appendFails,
    'checksum_unverifiable',
    'too_many_uploads',
    'too_many_files',
    'grant_refuses_type',
    'grant_used_up',
    'replay_over',
    'upload_superseded',
  ],
  async handle(c, caller, { idempotencyKey }) {
    refuseConcatenation(c)
    const statement = c.req.header('upload-metadata') ?? null
    const input = {
      file: { ...ownerOf(caller), ...readMetadata(statement ?? undefined) },
      byteSize: newLengthOf(c),
      sha256: null,
      statement,
      idempotencyKey,
      operation: 'tus.create',
    }
    const create = async (bytes: BodyBytes | null) => {
      const portion = bytes && { ...bytes, offset: 0, digest: checksumOf(c) }
      const { progress, replayed } = await createAppend(c.get('gateway'), input, portion)
      if (replayed) c.header('Idempotent-Replayed', 'true')
      const location = ownUrl(c, `/tus/${formatFileId(progress.file.id)}`)
      const told = bytes === null ? fateHeaders(progress) : progressHeaders(progress)
      return c.body(null, 201, { location, ...told })
    }
    return hasBytes(c) ? withBodyBytes(c.req.raw, create) : create(null)
  },
})

/** Whether the request brings bytes. Some clients send an empty body of no type. Throws `unsupported_body`. */
function hasBytes(c: Context): boolean {
  if (announcedBytesOf(c.req.raw) === 0) return false
  requireBodyType(c.req.raw, offsetStream)
  return true
}
