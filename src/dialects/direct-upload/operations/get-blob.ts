import { isStored } from '../../../core/files/file-record'
import { lookUpFile } from '../../../core/files/get-file'
import { hasScope, ownerOf } from '../../../core/organizations/principal'
import { presignAgain } from '../../../core/uploads/single-put'
import { operation } from '../../../http/operation'
import { presentBlob } from '../presenter'
import { blobFactsOf, signedFileIdOf } from './blob-facts'

/**
 * While its bytes are awaited, a blob comes with a fresh URL to PUT them to. A credential that may only read gets none:
 * with it, it could write.
 */
export const getBlobOperation = operation({
  name: 'getBlob',
  method: 'get',
  path: '/upload/direct/:signedId',
  summary: 'A blob; while its bytes are awaited with a fresh URL to PUT them to',
  access: 'files:read or grant',
  answers: { 200: 'Blob' },
  fails: ['file_not_found', 'file_refused', 'upload_over', 'store_failed'],
  async handle(c, caller) {
    const gateway = c.get('gateway')
    const { organizationId } = caller
    const file = await lookUpFile(gateway, ownerOf(caller), await signedFileIdOf(c, organizationId))
    const mayPut = caller.kind === 'grant' || hasScope(caller, 'files:write')
    const upload = !isStored(file) && mayPut ? file.upload : null
    const put = upload?.method === 'presigned_put' ? await presignAgain(gateway, upload) : null
    return c.json(presentBlob(file, await blobFactsOf(c, file), put))
  },
})
