import { type Failure, type FailureCode, sayIssue } from '../../core/errors'
import type { FailureRenderer } from '../../http/mount'
import { answerProblem, type Problem, problem } from '../../http/problem'
import { headersOf, problemOf, problems } from '../../http/problem-details'
import { sayAppendFailure } from '../../http/say-append-failure'
import { sayGrantFailure } from '../../http/say-grant-failure'

/** How appending fails, also with the bytes of a creation. */
export const appendFails = [
  'invalid_request',
  'unsupported_body',
  'body_timed_out',
  'content_too_large',
  'offset_mismatch',
  'length_mismatch',
  'beyond_length',
  'append_in_progress',
  'digest_mismatch',
  'upload_over',
  'upload_refused',
  'upload_superseded',
  'upload_too_large',
  'quota_exceeded',
  'grant_too_large',
  'store_failed',
] as const satisfies readonly FailureCode[]

const registered = 'https://iana.org/assignments/http-problem-types'

/** As `problems`, with the types that the draft registers, and what its headers say of the upload. */
export const resumableFailures: FailureRenderer = {
  ...problems,
  renderFailure(c, failure) {
    return answerProblem(c, describe(failure), { ...headersOf(failure), ...uploadHeaders(failure) })
  },
}

function describe(failure: Failure): Problem {
  switch (failure.code) {
    case 'offset_mismatch': {
      const { expectedBytes, providedBytes } = failure
      return {
        ...problem(409, 'Mismatching Upload Offset', sayAppendFailure(failure)),
        type: `${registered}#mismatching-upload-offset`,
        extensions: { 'expected-offset': expectedBytes, 'provided-offset': providedBytes },
      }
    }
    // Not 413, after which a client would send less, to an upload that is over.
    case 'length_mismatch':
    case 'beyond_length':
      return {
        ...problem(400, 'Inconsistent Upload Length Values', sayAppendFailure(failure)),
        type: `${registered}#inconsistent-upload-length`,
      }
    case 'digest_mismatch': {
      const errors = [{ field: 'Content-Digest', message: sayGrantFailure(failure) }]
      return { ...problem(400, 'Bad Request', sayIssue(errors[0])), errors }
    }
    // The resource is no longer there, whatever it was.
    case 'upload_over':
      return { ...problemOf(failure), status: 404, title: 'Not Found' }
    default:
      return problemOf(failure)
  }
}

/**
 * `?1`: all bytes were there, and what became of them is the answer, so that there is nothing to resume. `?0`: the upload
 * itself failed.
 */
function uploadHeaders(failure: Failure): Record<string, string> {
  return {
    'upload-complete': failure.code === 'upload_refused' ? '?1' : '?0',
    ...(failure.code === 'offset_mismatch' ? { 'upload-offset': String(failure.expectedBytes) } : {}),
  }
}
