import { describeFile } from '../../../core/files/describe-file'
import { summaryOf } from '../../../core/files/file-summary'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { presentFile } from '../../../http/present-file'
import { expandParameter, expandsAssociations } from './expand'

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
    const withAssociations = expandsAssociations(query)
    const { file, associations } = await describeFile(c.get('gateway'), organizationId, fileIdOf(c), {
      withAssociations,
    })
    return c.json(presentFile(summaryOf(file), associations))
  },
})
