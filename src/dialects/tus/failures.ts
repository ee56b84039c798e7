import type { FailureCode } from '../../core/errors'

/** How appending fails, also with the bytes of a creation. */
export const appendFails = [
  'invalid_request',
  'unsupported_body',
  'body_timed_out',
  'offset_mismatch',
  'length_mismatch',
  'beyond_length',
  'append_in_progress',
  'digest_mismatch',
  'upload_over',
  'upload_refused',
  'upload_too_large',
  'quota_exceeded',
  'grant_too_large',
  'store_failed',
] as const satisfies readonly FailureCode[]
