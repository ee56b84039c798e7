import { associateFile } from '../../../core/associations/associate-file'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentAssociation } from '../../../http/present-file'
import { associationRequest } from '../schema'

/** 201 also where the association was there. */
export const associateFileOperation = operation({
  name: 'associateFile',
  method: 'post',
  path: '/:fileId/associations',
  summary: 'Tie a file to something of yours',
  access: 'files:write',
  body: associationRequest,
  answers: { 201: 'Association' },
  marksReplays: true,
  fails: ['file_not_found', 'too_many_associations'],
  async handle(c, { organizationId }, { body, idempotencyKey }) {
    const resource = {
      type: parseResourceType(body.resourceType, 'resourceType'),
      id: parseResourceId(body.resourceId, 'resourceId'),
    }
    const file = { organizationId, id: fileIdOf(c) }
    const { association, replayed } = await associateFile(c.get('gateway'), file, resource, idempotencyKey)
    if (replayed) c.header('Idempotent-Replayed', 'true')
    return c.json(presentAssociation(association), 201)
  },
})
