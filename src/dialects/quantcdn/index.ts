import type { Context } from 'hono'
import { fail } from '../../core/errors'
import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { HttpEnv } from '../../http/context'
import type { Dialect } from '../../http/mount'
import { quantcdnFailures } from './errors'
import { deleteFileOperation } from './operations/delete-file'
import { getFileOperation } from './operations/get-file'
import { listFilesOperation } from './operations/list-files'
import { uploadFileOperation } from './operations/upload-file'
import { supportedContentTypes } from './schema'

const prefixes = ['/organizations/:organisation/ai/files', '/organisations/:organisation/ai/files']

/**
 * QuantCDN's AI file storage API (v3). `extraContentTypes` are accepted beside those of the public API.
 * The path is served in both spellings.
 */
export function quantcdnDialect({ extraContentTypes }: { extraContentTypes: readonly string[] }): Dialect {
  return {
    path: '/api/v3',
    prefixes,
    operations: [
      uploadFileOperation([...supportedContentTypes, ...extraContentTypes]),
      listFilesOperation,
      getFileOperation,
      deleteFileOperation,
    ],
    guards: prefixes,
    owns: [''],
    authenticate: authenticateInOrganization,
    ...quantcdnFailures,
  }
}

/** The same answer whether the organization of the path exists or not. No id has capitals. */
async function authenticateInOrganization(c: Context<HttpEnv>): Promise<void> {
  const principal = await authenticateRequest(c, bearerToken(c))
  const organization = c.req.param('organisation')?.toLowerCase()
  if (principal.kind === 'root' || principal.organizationId !== organization)
    fail({ code: 'wrong_organization' })
}
