import type { Context } from 'hono'
import { appendBytes } from '../../../core/append/append-bytes'
import { type GrantHolder, type Member, ownerOf } from '../../../core/organizations/principal'
import { requireBodyType, withBodyBytes } from '../../../http/body-bytes'
import type { HttpEnv } from '../../../http/context'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { appendFails } from '../failures'
import { checksumOf, uploadLengthOf, uploadOffsetOf } from '../headers'
import { progressHeaders } from '../presenter'
import { offsetStream } from '../protocol'

/** 204 once the bytes are kept; if they are the last, once the file is there. */
export const appendBytesOperation = operation({
  name: 'appendBytes',
  method: 'patch',
  path: '/:id',
  summary: 'Append bytes to an upload',
  access: 'files:write or grant',
  headers: ['Tus-Resumable', 'Upload-Offset', 'Upload-Length', 'Upload-Checksum'],
  answers: { 204: 'Appended', 412: 'OtherVersion' },
  fails: [...appendFails, 'file_not_found', 'not_appendable', 'upload_superseded'],
  handle: append,
})

export async function append(c: Context<HttpEnv>, caller: Member | GrantHolder): Promise<Response> {
  requireBodyType(c.req.raw, offsetStream)
  const asked = { offset: uploadOffsetOf(c), byteSize: uploadLengthOf(c), digest: checksumOf(c) }
  const progress = await withBodyBytes(c.req.raw, (bytes) =>
    appendBytes(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'), { ...asked, ...bytes }),
  )
  return c.body(null, 204, progressHeaders(progress))
}
