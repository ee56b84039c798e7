import type { Context } from 'hono'
import { endAppend } from '../../../core/append/end-append'
import { type GrantHolder, type Member, ownerOf } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'

/** The upload is given up; a finished one is deleted as a file is. */
export const endUploadOperation = operation({
  name: 'endUpload',
  method: 'delete',
  path: '/:id',
  summary: 'Give an upload up, or delete its file',
  access: 'files:write or grant',
  headers: ['Tus-Resumable'],
  answers: { 204: 'Ended', 412: 'OtherVersion' },
  fails: ['file_not_found', 'not_appendable', 'upload_over', 'store_failed'],
  handle: end,
})

export async function end(c: Context<HttpEnv>, caller: Member | GrantHolder): Promise<Response> {
  await endAppend(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))
  return c.body(null, 204)
}
