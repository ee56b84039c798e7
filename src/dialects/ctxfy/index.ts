import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { ctxfyFailures } from './errors'
import { createApiKeyOperation } from './operations/create-api-key'
import { createUploadOperation } from './operations/create-upload'
import { listApiKeysOperation } from './operations/list-api-keys'
import { revokeApiKeyOperation } from './operations/revoke-api-key'

const roots = ['/upload', '/api-keys']

/**
 * Ctxfy's API: presigned uploads of public files, and API keys. `publicBaseUrl` is where the bucket itself
 * is public; null when the Worker is to serve the files (see `public-files.ts`).
 */
export function ctxfyDialect({ publicBaseUrl }: { publicBaseUrl: string | null }): Dialect {
  return {
    path: '/v1',
    operations: [
      createUploadOperation(publicBaseUrl),
      createApiKeyOperation,
      listApiKeysOperation,
      revokeApiKeyOperation,
    ],
    guards: roots,
    owns: roots,
    authenticate: (c) => authenticateRequest(c, bearerToken(c)),
    ...ctxfyFailures,
  }
}
