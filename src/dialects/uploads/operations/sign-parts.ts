import { ownerOf } from '../../../core/organizations/principal'
import { signParts } from '../../../core/uploads/sign-parts'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentSignedPart } from '../presenter'
import { signPartsRequest } from '../schema'

export const signPartsOperation = operation({
  name: 'signParts',
  method: 'post',
  path: '/:id/parts',
  summary: 'URLs for up to 100 parts, each sealed with its exact length',
  access: 'files:write or grant',
  body: signPartsRequest,
  answers: { 200: 'SignedParts' },
  fails: ['part_not_planned', 'file_not_found', 'not_multipart', 'upload_over'],
  async handle(c, caller, { body, idempotencyKey }) {
    const gateway = c.get('gateway')
    const parts = await signParts(
      gateway,
      ownerOf(caller),
      fileIdOf(c, 'id'),
      body.partNumbers,
      idempotencyKey,
    )
    return c.json({ parts: parts.map(presentSignedPart) })
  },
})
