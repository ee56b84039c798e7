import { appendBytes } from '../../../core/append/append-bytes'
import { GatewayError } from '../../../core/errors'
import { ownerOf } from '../../../core/organizations/principal'
import { type BodyBytes, requireBodyType, withBodyBytes } from '../../../http/body-bytes'
import { operation } from '../../../http/operation'
import { patchedFile } from '../file-id'
import { lengthOf, offsetOf, uploadNameOf } from '../headers'
import { offsetIn } from '../presenter'

/**
 * 204 once the whole chunk is kept; if it is the last, once the file is there. The widget goes on by whole chunks, whatever
 * the offset: of a chunk that broke off nothing is kept, and one that is sent again is not kept twice.
 */
export const appendChunkOperation = operation({
  name: 'appendChunk',
  method: 'patch',
  path: '',
  summary: 'Append a chunk to an upload',
  access: 'files:write or grant',
  query: { patch: [] },
  headers: ['Upload-Offset', 'Upload-Length', 'Upload-Name'],
  answers: { 204: 'Offset' },
  fails: [
    'unsupported_body',
    'body_timed_out',
    'file_not_found',
    'not_appendable',
    'offset_mismatch',
    'length_mismatch',
    'beyond_length',
    'append_in_progress',
    'upload_over',
    'upload_refused',
    'upload_superseded',
    'upload_too_large',
    'quota_exceeded',
    'grant_too_large',
    'store_failed',
  ],
  async handle(c, caller, { query }) {
    const id = patchedFile(query.one('patch'))
    requireBodyType(c.req.raw, 'application/offset+octet-stream')
    const filename = uploadNameOf(c)
    const place = { offset: offsetOf(c), byteSize: lengthOf(c), filename, isAtomic: true }
    const append = (bytes: BodyBytes) =>
      appendBytes(c.get('gateway'), ownerOf(caller), id, { ...place, ...bytes }).then(offsetIn, (error) =>
        keptAlready(error, place.offset, bytes),
      )
    const offset = await withBodyBytes(c.req.raw, append)
    return c.body(null, 204, { 'Upload-Offset': String(offset) })
  },
})

/** Where the upload is, if it has the chunk of which `error` says that it belongs elsewhere: its answer was lost. */
function keptAlready(error: unknown, offset: number, { announcedBytes }: BodyBytes): number {
  const failure = error instanceof GatewayError ? error.failure : null
  if (failure?.code !== 'offset_mismatch' || announcedBytes === null) throw error
  if (failure.expectedBytes < offset + announcedBytes) throw error
  return failure.expectedBytes
}
