import { appendBytes } from '../../../core/append/append-bytes'
import { ownerOf } from '../../../core/organizations/principal'
import { requireBodyType, withBodyBytes } from '../../../http/body-bytes'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { contentDigestOf } from '../digests'
import { appendFails } from '../failures'
import { lengthSaidBy, partialUpload, placeOf } from '../fields'
import { answerFile, stateHeaders } from '../presenter'

/** 204 once the bytes are kept; if they are the last, the file. */
export const appendBytesOperation = operation({
  name: 'appendBytes',
  method: 'patch',
  path: '/:id',
  summary: 'Append bytes to an upload',
  access: 'files:write or grant',
  headers: ['Upload-Offset', 'Upload-Complete', 'Upload-Length', 'Content-Digest', 'Want-Repr-Digest'],
  answers: { 201: 'File', 204: 'Appended' },
  fails: [...appendFails, 'file_not_found', 'not_appendable'],
  async handle(c, caller) {
    requireBodyType(c.req.raw, partialUpload)
    const place = placeOf(c)
    const digest = contentDigestOf(c)
    const progress = await withBodyBytes(c.req.raw, (bytes) => {
      const byteSize = lengthSaidBy(c, { ...place, ...bytes })
      const portion = { ...place, ...bytes, byteSize, digest, endsWhenTooLong: true }
      return appendBytes(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'), portion)
    })
    return progress.status === 'ready'
      ? answerFile(c, progress)
      : c.body(null, 204, stateHeaders(c, progress))
  },
})
