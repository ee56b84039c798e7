import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { problems } from '../../http/problem-details'
import { acceptedTypes } from './accepted-types'
import { associateFileOperation } from './operations/associate-file'
import { createLinkOperation } from './operations/create-link'
import { deleteFileOperation } from './operations/delete-file'
import { dissociateFileOperation } from './operations/dissociate-file'
import { getContentOperation } from './operations/get-content'
import { getFileOperation } from './operations/get-file'
import { listFilesOperation } from './operations/list-files'
import { uploadFileOperation } from './operations/upload-file'

/**
 * Cuadra's files, `/v1/files`, which are also the gateway's own file API: files of every dialect are here, in
 * every state. `extraContentTypes` are accepted beside those of the public API.
 */
export function cuadraDialect({ extraContentTypes }: { extraContentTypes: readonly string[] }): Dialect {
  return {
    path: '/v1/files',
    operations: [
      uploadFileOperation(acceptedTypes(extraContentTypes)),
      listFilesOperation,
      getFileOperation,
      deleteFileOperation,
      getContentOperation,
      createLinkOperation,
      associateFileOperation,
      dissociateFileOperation,
    ],
    guards: [''],
    owns: [''],
    authenticate: (c) => authenticateRequest(c, bearerToken(c)),
    ...problems,
  }
}
