import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { resumableFailures } from './failures'
import { uploadLimit } from './limits'
import { appendBytesOperation } from './operations/append-bytes'
import { cancelUploadOperation } from './operations/cancel-upload'
import { createUploadOperation } from './operations/create-upload'
import { getOffsetOperation } from './operations/get-offset'

/** Resumable uploads as the IETF drafts them (draft-ietf-httpbis-resumable-upload), below `/v1/resumable`. */
export const resumableDialect: Dialect = {
  path: '/v1/resumable',
  operations: [createUploadOperation, getOffsetOperation, appendBytesOperation, cancelUploadOperation],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  // Also for a client that has sent, or announced, too much.
  headers: (c) =>
    c.req.method === 'OPTIONS' || [400, 413].includes(c.res.status)
      ? { 'Upload-Limit': uploadLimit(c, null) }
      : {},
  ...resumableFailures,
}
