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
  access: 'files:write',
  body: signPartsRequest,
  answers: { 200: 'SignedParts' },
  fails: ['part_not_planned', 'file_not_found', 'not_multipart', 'upload_over'],
  async handle(c, { organizationId }, { body, idempotencyKey }) {
    const gateway = c.get('gateway')
    const parts = await signParts(
      gateway,
      organizationId,
      fileIdOf(c, 'id'),
      body.partNumbers,
      idempotencyKey,
    )
    return c.json({ parts: parts.map(presentSignedPart) })
  },
})
