import type { Context } from 'hono'
import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { failField } from '../../../core/errors'
import { formatCursor } from '../../../core/files/file-cursor'
import { type FileRecord, fileStatuses } from '../../../core/files/file-record'
import type { FileSelection } from '../../../core/files/file-selection'
import { listFiles } from '../../../core/files/list-files'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { parseBefore, parseLimit } from '../../../http/page-parameters'
import { presentFile } from '../../../http/present-file'
import { expandsAssociations } from './expand'

const limits = { fallback: 20, max: 100 }

/** `GET /v1/files`: newest first. Clients that serialise what is not set send an empty value. */
export async function listFilesOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const selection = {
    terms: [],
    status: parseStatus(c.req.query('statusFilter')),
    resource: parseResource(c.req.query('resourceType'), c.req.query('resourceId')),
  }
  const page = await listFiles(c.var.gateway, organizationId, selection, {
    before: parseBefore(c.req.query('cursor')),
    limit: parseLimit(c.req.query('limit'), limits),
    withAssociations: expandsAssociations(c),
  })
  return c.json({
    items: page.files.map(({ file, associations }) => presentFile(file, associations)),
    hasMore: page.next !== null,
    nextCursor: page.next && formatCursor(page.next),
  })
}

function parseStatus(text: string | undefined): FileRecord['status'] | null {
  if (!text) return null
  return (
    fileStatuses.find((status) => status === text) ??
    failField('statusFilter', `must be one of ${fileStatuses.join(', ')}`)
  )
}

function parseResource(type: string | undefined, id: string | undefined): FileSelection['resource'] {
  if (type)
    return {
      type: parseResourceType(type, 'resourceType'),
      id: id ? parseResourceId(id, 'resourceId') : null,
    }
  return id ? failField('resourceType', 'is required with resourceId') : null
}
