import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { plainFailures } from '../../http/plain-failures'
import { appendChunkOperation } from './operations/append-chunk'
import { getOffsetOperation } from './operations/get-offset'
import { loadFileOperation } from './operations/load-file'
import { revertFileOperation } from './operations/revert-file'
import { storeFileOperation } from './operations/store-file'

/** What the FilePond widget asks of the server of its `server` option. */
export const filepondDialect: Dialect = {
  path: '/filepond',
  operations: [
    storeFileOperation,
    getOffsetOperation,
    loadFileOperation,
    appendChunkOperation,
    revertFileOperation,
  ],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  ...plainFailures,
}
