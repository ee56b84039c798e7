import type { Context } from 'hono'
import { createAppend } from '../../../core/append/create-append'
import { sanitizeFilename } from '../../../core/files/filename'
import { ownerOf } from '../../../core/organizations/principal'
import type { NewFile } from '../../../core/uploads/begin-upload'
import { withBodyBytes } from '../../../http/body-bytes'
import { contentTypeOfFile } from '../../../http/declared-content-type'
import { promisedSha256 } from '../../../http/digest-fields'
import { readPartHeaders } from '../../../http/form-part'
import { operation } from '../../../http/operation'
import { contentDigestOf } from '../digests'
import { appendFails } from '../failures'
import { lengthSaidBy, uploadCompleteOf } from '../fields'
import { answerFile, locationOf, stateHeaders } from '../presenter'

/** All bytes at once, and the file is the answer; or the first ones, and the answer says where the others are to be sent. */
export const createUploadOperation = operation({
  name: 'createUpload',
  method: 'post',
  path: '',
  summary: 'Upload a file in one request, or begin to upload it in several',
  access: 'files:write or grant',
  headers: [
    'Upload-Complete',
    'Upload-Length',
    'Content-Disposition',
    'Repr-Digest',
    'Content-Digest',
    'Want-Repr-Digest',
  ],
  answers: { 201: 'CreatedOrFile' },
  marksReplays: true,
  fails: [
    ...appendFails,
    'checksum_unverifiable',
    'too_many_uploads',
    'too_many_files',
    'grant_refuses_type',
    'grant_used_up',
    'replay_over',
  ],
  async handle(c, caller, { idempotencyKey }) {
    // What is no resumable upload brings all its bytes, and says nothing of a length.
    const isResumable = uploadCompleteOf(c) !== null
    const isLast = uploadCompleteOf(c) ?? true
    const { progress, replayed } = await withBodyBytes(c.req.raw, ({ chunks, announcedBytes }) => {
      const place = { offset: 0, isLast, announcedBytes }
      const input = {
        file: { ...ownerOf(caller), ...describe(c), metadata: {} },
        byteSize: isResumable ? lengthSaidBy(c, place) : announcedBytes,
        sha256: promisedSha256(c.req.header('repr-digest'), 'Repr-Digest'),
        statement: null,
        idempotencyKey,
        operation: 'resumable.create',
      }
      const portion = { ...place, chunks, digest: contentDigestOf(c), endsWhenTooLong: true }
      const isEmpty = announcedBytes === 0 && !isLast
      return createAppend(c.get('gateway'), input, isEmpty ? null : portion)
    })
    if (replayed) c.header('Idempotent-Replayed', 'true')
    if (progress.status === 'ready') return answerFile(c, progress)
    return c.body(null, 201, { location: locationOf(c, progress), ...stateHeaders(c, progress) })
  },
})

/** What the headers say of the file. */
function describe(c: Context): Pick<NewFile, 'filename' | 'contentType'> {
  const disposition = c.req.header('content-disposition') ?? ''
  const { filename: said } = readPartHeaders({ 'content-disposition': disposition })
  const filename = said === null ? null : sanitizeFilename(said)
  const declared = c.req.header('content-type') ?? ''
  return { filename, contentType: contentTypeOfFile(declared, filename, 'Content-Type') }
}
