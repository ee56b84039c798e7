import { operation } from '../../../http/operation'
import { plainFailures } from '../../../http/plain-failures'
import { appendFails } from '../failures'
import { methodOf } from '../protocol'
import { append } from './append-bytes'
import { end } from './end-upload'
import { tellOffset } from './get-offset'

const handlers = new Map([
  ['HEAD', tellOffset],
  ['PATCH', append],
  ['DELETE', end],
])

/** For clients that can send nothing but GET and POST: what the header names. */
export const overrideMethodOperation = operation({
  name: 'overrideMethod',
  method: 'post',
  path: '/:id',
  summary: 'Any of the other operations, by the method that a header names',
  access: 'files:write or grant',
  headers: ['Tus-Resumable', 'X-HTTP-Method-Override', 'Upload-Offset', 'Upload-Length', 'Upload-Checksum'],
  answers: { 200: 'State', 204: 'Appended', 405: 'OtherMethod', 412: 'OtherVersion' },
  fails: [...appendFails, 'file_not_found', 'not_appendable', 'upload_superseded'],
  async handle(c, caller) {
    const handle = handlers.get(methodOf(c))
    if (handle) return handle(c, caller)
    return plainFailures.renderMethodNotAllowed(c, [...handlers.keys(), 'OPTIONS'].join(', '))
  },
})
