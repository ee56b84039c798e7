import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { problems } from '../../http/problem-details'
import { abortUploadOperation } from './operations/abort-upload'
import { completeUploadOperation } from './operations/complete-upload'
import { createUploadOperation } from './operations/create-upload'
import { getUploadOperation } from './operations/get-upload'
import { listPartsOperation } from './operations/list-parts'
import { signPartsOperation } from './operations/sign-parts'

/** The gateway's own upload lifecycle, `/v1/uploads`: for files of any size, whichever dialect began them. */
export const uploadsDialect: Dialect = {
  path: '/v1/uploads',
  operations: [
    createUploadOperation,
    getUploadOperation,
    abortUploadOperation,
    signPartsOperation,
    listPartsOperation,
    completeUploadOperation,
  ],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  ...problems,
}
