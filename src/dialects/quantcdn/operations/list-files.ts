import { failField } from '../../../core/errors'
import { formatCursor } from '../../../core/files/file-cursor'
import { listFiles } from '../../../core/files/list-files'
import type { Json, MetadataTerm } from '../../../core/files/metadata'
import { parseMetadataFilter } from '../../../core/files/metadata-filter'
import type { OrganizationId } from '../../../core/ids'
import { parseJson } from '../../../core/json'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { pageParameters, parseBefore, parseLimit } from '../../../http/page-parameters'
import { presentListed } from '../presenter'

const limits = { fallback: 50, max: 200 }

/** Newest first. */
export const listFilesOperation = operation({
  name: 'listFiles',
  method: 'get',
  path: '',
  summary: 'The files with bytes, by their metadata',
  access: 'files:read',
  query: { filter: [], ...pageParameters },
  queryHint: '; metadata is asked for in filter, as in filter={"tag":"a"}',
  answers: { 200: 'Files' },
  fails: ['store_failed'],
  async handle(c, { organizationId }, { query }) {
    const terms = await parseFilter(organizationId, query.one('filter'))
    const selection = { terms, status: null, resource: null }
    const page = await listFiles(c.get('gateway'), organizationId, selection, {
      before: parseBefore(query.one('cursor')),
      limit: parseLimit(query.one('limit'), limits),
      part: 'metadata',
      withAssociations: false,
    })
    return c.json({
      files: page.files.map(({ file }) => presentListed(file)),
      nextCursor: page.next && formatCursor(page.next),
      hasMore: page.next !== null,
    })
  },
})

async function parseFilter(
  organizationId: OrganizationId,
  text: string | undefined,
): Promise<MetadataTerm[]> {
  if (!text) return []
  let filter: Json
  try {
    filter = parseJson(text) as Json
  } catch {
    return failField('filter', `must be a JSON object, not ${sayValue(text)}`)
  }
  if (filter === null || typeof filter !== 'object' || Array.isArray(filter))
    failField('filter', `must be a JSON object, not ${sayValue(text)}`)
  return parseMetadataFilter(organizationId, filter, 'filter')
}
