import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import { findFile } from '../../../core/files/get-file'
import { requireScope } from '../../../core/organizations/principal'
import type { HttpEnv } from '../../../http/context'
import { presentFile } from '../../../http/present-file'
import { queryParameters } from '../../../http/query-parameters'
import { expandParameter, expandsAssociations } from './expand'
import { fileIdOf } from './file-id'

/** `GET /v1/files/{id}`: the file in whatever state it is, settled first if its bytes have just come. */
export async function getFileOperation(c: Context<HttpEnv>): Promise<Response> {
  const { gateway } = c.var
  const { organizationId } = requireScope(c.var.principal, 'files:read')
  const fileId = fileIdOf(c)
  const isExpanded = expandsAssociations(queryParameters(c, expandParameter))
  const [file, associations] = await Promise.all([
    findFile(gateway, organizationId, fileId),
    isExpanded ? gateway.associations.of(organizationId, fileId) : null,
  ])
  if (file === null) fail({ code: 'file_not_found', fileId })
  return c.json(presentFile(file, associations))
}
