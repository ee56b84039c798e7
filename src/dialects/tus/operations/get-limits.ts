import { operation } from '../../../http/operation'
import type * as Answered from '../answers'

const mebibyte = 1024 ** 2
/** The largest chunk that is recommended: it is soon sent again when a connection breaks. */
const chunkMaxBytes = 50 * mebibyte

/** What no header of the protocol tells: how much one request can carry. */
export const getLimitsOperation = operation({
  name: 'getLimits',
  method: 'get',
  path: '',
  summary: 'How large an upload and one request of it may be',
  access: 'files:write or grant',
  answers: { 200: 'Limits' },
  async handle(c) {
    const { appendMaxBytes, requestMaxBytes } = c.get('gateway').limits
    const limits: Answered.Limits = {
      uploadMaxBytes: appendMaxBytes,
      requestMaxBytes,
      chunkBytes: chunkBytesWithin(requestMaxBytes),
    }
    return c.json(limits)
  },
})

/** A chunk that fits into one request: whole mebibytes where it can be. */
function chunkBytesWithin(requestMaxBytes: number): number {
  const whole = Math.floor(requestMaxBytes / mebibyte) * mebibyte
  return Math.min(chunkMaxBytes, whole === 0 ? requestMaxBytes : whole)
}
