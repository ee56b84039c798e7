import type { Context } from 'hono'
import { lookAtAppend } from '../../../core/append/look-at-append'
import { type GrantHolder, type Member, ownerOf } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { stateHeaders } from '../presenter'

/** Where the next bytes belong. From then on a request that is still appending to the upload keeps nothing more. */
export const getOffsetOperation = operation({
  name: 'getOffset',
  method: 'head',
  path: '/:id',
  summary: 'How many bytes of an upload there are',
  access: 'files:write or grant',
  headers: ['Tus-Resumable'],
  answers: { 200: 'State', 412: 'OtherVersion' },
  fails: ['file_not_found', 'not_appendable', 'upload_over', 'upload_refused', 'store_failed'],
  handle: tellOffset,
})

export async function tellOffset(c: Context<HttpEnv>, caller: Member | GrantHolder): Promise<Response> {
  const progress = await lookAtAppend(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))
  return c.body(null, 200, { 'Cache-Control': 'no-store', ...stateHeaders(progress) })
}
