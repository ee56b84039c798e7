import { fail } from '../../../core/errors'
import { findFile } from '../../../core/files/get-file'
import { operation } from '../../../http/operation'
import { presentFile } from '../../../http/present-file'
import { expandParameter, expandsAssociations } from './expand'
import { fileIdOf } from './file-id'

/** Settles the upload first if its bytes have just come. */
export const getFileOperation = operation({
  name: 'getFile',
  method: 'get',
  path: '/:fileId',
  summary: 'A file in whatever state it is',
  access: 'files:read',
  query: expandParameter,
  answers: { 200: 'File' },
  fails: ['file_not_found', 'store_failed'],
  async handle(c, { organizationId }, { query }) {
    const { gateway } = c.var
    const fileId = fileIdOf(c)
    const [file, associations] = await Promise.all([
      findFile(gateway, organizationId, fileId),
      expandsAssociations(query) ? gateway.associations.of(organizationId, fileId) : null,
    ])
    if (file === null) fail({ code: 'file_not_found', fileId })
    return c.json(presentFile(file, associations))
  },
})
