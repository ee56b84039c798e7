import type { Context } from 'hono'
import { failField } from '../../../core/errors'
import { formatCursor } from '../../../core/files/file-cursor'
import { isStored } from '../../../core/files/file-record'
import { listFiles } from '../../../core/files/list-files'
import type { Json, MetadataTerm } from '../../../core/files/metadata'
import { parseMetadataFilter } from '../../../core/files/metadata-filter'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { parseBefore, parseLimit } from '../../../http/page-parameters'
import { presentListed } from '../presenter'

const limits = { fallback: 50, max: 200 }

/** `GET …/ai/files?filter&limit&cursor`: newest first. */
export async function listFilesOperation(c: Context<HttpEnv>): Promise<Response> {
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const page = await listFiles(c.var.gateway, organizationId, {
    terms: parseFilter(c.req.query('filter')),
    before: parseBefore(c.req.query('cursor')),
    limit: parseLimit(c.req.query('limit'), limits),
  })
  return c.json({
    files: page.files.filter(isStored).map(presentListed),
    nextCursor: page.next && formatCursor(page.next),
    hasMore: page.next !== null,
  })
}

/** Clients that serialise what is not set send an empty value. */
function parseFilter(text: string | undefined): MetadataTerm[] {
  if (!text) return []
  let filter: Json
  try {
    filter = JSON.parse(text) as Json
  } catch {
    return failField('filter', 'must be a JSON object')
  }
  if (filter === null || typeof filter !== 'object' || Array.isArray(filter))
    failField('filter', 'must be a JSON object')
  return parseMetadataFilter(filter, 'filter')
}
