import { dissociateFile } from '../../../core/associations/associate-file'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { failField } from '../../../core/errors'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { isWellEncoded } from '../../../http/routed-path'

/** 204 also where there was none. */
export const dissociateFileOperation = operation({
  name: 'dissociateFile',
  method: 'delete',
  path: '/:fileId/associations/:resourceType/:resourceId',
  summary: 'Untie a file from something of yours',
  access: 'files:write',
  answers: { 204: 'Deleted' },
  fails: ['invalid_request', 'file_not_found'],
  async handle(c, { organizationId }) {
    const fileId = fileIdOf(c)
    if (!isWellEncoded(c.req.url)) failField('resourceId', 'must be UTF-8, percent-encoded')
    const resource = {
      type: parseResourceType(c.req.param('resourceType') ?? '', 'resourceType'),
      id: parseResourceId(c.req.param('resourceId') ?? '', 'resourceId'),
    }
    await dissociateFile(c.get('gateway'), organizationId, fileId, resource)
    return c.body(null, 204)
  },
})
