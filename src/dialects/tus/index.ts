import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { plainFailures } from '../../http/plain-failures'
import { appendBytesOperation } from './operations/append-bytes'
import { createUploadOperation } from './operations/create-upload'
import { endUploadOperation } from './operations/end-upload'
import { getLimitsOperation } from './operations/get-limits'
import { getOffsetOperation } from './operations/get-offset'
import { admit, protocolHeaders } from './protocol'

/** The tus resumable upload protocol, version 1.0.0. */
export const tusDialect: Dialect = {
  path: '/tus',
  operations: [
    createUploadOperation,
    getLimitsOperation,
    getOffsetOperation,
    appendBytesOperation,
    endUploadOperation,
  ],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  admit,
  headers: protocolHeaders,
  ...plainFailures,
}
