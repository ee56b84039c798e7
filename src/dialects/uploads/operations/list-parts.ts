import { ownerOf } from '../../../core/organizations/principal'
import { listParts } from '../../../core/uploads/sign-parts'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentPart } from '../presenter'

/** For resuming; 501 where the store cannot list parts. */
export const listPartsOperation = operation({
  name: 'listParts',
  method: 'get',
  path: '/:id/parts',
  summary: 'The parts that the store has',
  access: 'files:read or grant',
  answers: { 200: 'Parts' },
  fails: ['file_not_found', 'not_multipart', 'upload_over', 'parts_not_listable', 'store_failed'],
  async handle(c, caller) {
    const parts = await listParts(c.get('gateway'), ownerOf(caller), fileIdOf(c, 'id'))
    return c.json({ parts: parts.map(presentPart) })
  },
})
