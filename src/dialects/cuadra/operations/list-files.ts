import { parseResourceId, parseResourceType } from '../../../core/associations/association'
import { failField } from '../../../core/errors'
import { formatCursor } from '../../../core/files/file-cursor'
import type { FilePage, FileSelection } from '../../../core/files/file-selection'
import { listFiles } from '../../../core/files/list-files'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { pageParameters, parseBefore, parseLimit } from '../../../http/page-parameters'
import { presentFile } from '../../../http/present-file'
import { expandParameter, expandsAssociations } from './expand'

/** Cuadra's words. Slipway takes bytes in one step, so no file is ever `uploaded` or `processing`. */
const statuses = ['uploading', 'uploaded', 'processing', 'ready', 'error', 'failed'] as const

const noFiles: FilePage<'state'> = { files: [], next: null }

const limits = { fallback: 20, max: 100 }

/** Newest first. */
export const listFilesOperation = operation({
  name: 'listFiles',
  method: 'get',
  path: '',
  summary: 'The files of every dialect, in every state',
  access: 'files:read',
  query: {
    statusFilter: ['status'],
    resourceType: [],
    resourceId: [],
    ...pageParameters,
    ...expandParameter,
  },
  answers: { 200: 'Files' },
  fails: ['store_failed'],
  async handle(c, { organizationId }, { query }) {
    const status = parseStatus(query.one('statusFilter'))
    const resource = parseResource(query.one('resourceType'), query.one('resourceId'))
    const options = {
      before: parseBefore(query.one('cursor')),
      limit: parseLimit(query.one('limit'), limits),
      part: 'state',
      withAssociations: expandsAssociations(query),
    } as const
    const page =
      status === 'uploaded' || status === 'processing'
        ? noFiles
        : await listFiles(c.get('gateway'), organizationId, { terms: [], status, resource }, options)
    return c.json({
      items: page.files.map(({ file, associations }) => presentFile(file, associations)),
      hasMore: page.next !== null,
      nextCursor: page.next && formatCursor(page.next),
    })
  },
})

function parseStatus(text: string | undefined): (typeof statuses)[number] | null {
  if (!text) return null
  return (
    statuses.find((status) => status === text.toLowerCase()) ??
    failField('statusFilter', `must be one of ${statuses.join(', ')}, not ${sayValue(text)}`)
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
