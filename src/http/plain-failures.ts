import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Failure, type FailureCode, type FailureOf, type Refusal, sayIssue } from '../core/errors'
import type { HttpEnv } from './context'
import type { FailureRenderer } from './mount'
import { failureHeaders } from './render-failure'
import { sayAppendFailure } from './say-append-failure'
import { sayGrantFailure } from './say-grant-failure'
import { type InvalidValue, sayInvalidValue } from './say-invalid-value'
import { sayParts } from './say-parts'
import { sayRefusedBytes } from './say-refused-bytes'
import { sayTypeMismatch } from './say-type-mismatch'
import { sayReplayOver, tooManyUnsizedUploads } from './shared-sentences'

type Rendered = readonly [
  status: ContentfulStatusCode,
  sentence: string,
  headers?: Readonly<Record<string, string>>,
]
type Table = { [Code in FailureCode]: (failure: FailureOf<Code>) => Rendered }

/** How long a client waits for uploads of its organization to end, in seconds. */
const pendingRetrySeconds = 60

/** The checksum of the bytes is not the promised one, as tus has a status for it. */
const checksumMismatch = 460 as ContentfulStatusCode

/**
 * How protocols whose clients act by the status alone say each failure. These clients send the bytes again after 409, 423 and
 * every 5xx; they give an upload up after any other 4xx.
 */
const table = {
  unauthenticated: ({ reason }) => [
    401,
    reason === 'missing' ? 'A bearer token is required' : `The token is ${reason}`,
  ],
  missing_scope: ({ scope }) => [403, `Missing required scope: ${scope}`],
  wrong_organization: () => [403, 'This credential may not do that'],
  rate_limited: ({ retryAfterSeconds }) => [429, `Try again in ${retryAfterSeconds} s`],
  invalid_request: ({ issues }) => [400, sayIssue(issues[0])],
  unsupported_body: ({ expected }) => [415, `The body must be ${expected}`],
  unsupported_content_type: ({ contentType }) => [415, `${contentType} is not accepted`],
  content_too_large: ({ limitBytes }) => [413, `The body may have at most ${limitBytes} bytes`],
  // 408 would make the client give up.
  body_timed_out: () => [503, 'The body stopped arriving before its end'],
  upload_too_large: ({ limitBytes, byteSize }) => [413, `${byteSize} bytes are more than ${limitBytes}`],
  size_mismatch: ({ expected, actual }) => [400, `${actual} bytes came, ${expected} were promised`],
  known_size_mismatch: invalidValue('The length'),
  checksum_unverifiable: invalidValue('The checksum'),
  type_mismatch: (failure) => [415, sayTypeMismatch(failure)],
  quota_exceeded: () => [413, "The organization's storage quota is exceeded"],
  too_many_uploads: () => [
    429,
    'The organization has too many uploads pending; finish or end some',
    { 'retry-after': String(pendingRetrySeconds) },
  ],
  too_many_unsized_uploads: () => [
    429,
    tooManyUnsizedUploads,
    { 'retry-after': String(pendingRetrySeconds) },
  ],
  too_many_files: () => [403, 'The organization has as many files as it may have; delete some'],
  grant_forbids: (failure) => [403, sayGrantFailure(failure)],
  grant_refuses_origin: (failure) => [403, sayGrantFailure(failure)],
  grant_refuses_type: (failure) => [415, sayGrantFailure(failure)],
  grant_too_large: (failure) => [413, sayGrantFailure(failure)],
  grant_used_up: (failure) => [403, sayGrantFailure(failure)],
  grant_not_found: (failure) => [404, sayGrantFailure(failure)],
  one_request_too_large: (failure) => [413, sayGrantFailure(failure)],
  digest_mismatch: (failure) => [checksumMismatch, sayGrantFailure(failure)],
  offset_mismatch: (failure) => [
    409,
    sayAppendFailure(failure),
    { 'upload-offset': String(failure.expectedBytes) },
  ],
  length_mismatch: (failure) => [400, sayAppendFailure(failure)],
  beyond_length: (failure) => [413, sayAppendFailure(failure)],
  append_in_progress: (failure) => [423, sayAppendFailure(failure)],
  not_appendable: (failure) => [403, sayAppendFailure(failure)],
  too_many_associations: invalidValue('The file'),
  quota_below_usage: () => [409, 'The quota is less than what is in use'],
  scope_not_grantable: ({ scope }) => [403, `This key cannot grant ${scope}`],
  expiry_not_grantable: () => [403, 'This key expires before what it would make'],
  expiry_in_past: invalidValue('The expiry'),
  organization_unnamed: invalidValue('The organization'),
  too_many_api_keys: ({ max }) => [403, `The organization has ${max} API keys that work; revoke some first`],
  organization_not_found: () => [404, 'There is no such organization'],
  api_key_not_found: () => [404, 'There is no such API key'],
  file_not_found: () => [404, 'There is no such upload'],
  file_uploading: () => [404, 'The file is still uploading'],
  file_refused: ({ refusal }) => [410, `The file has no bytes: ${sayRefusal(refusal)}`],
  precondition_failed: ({ etag }) => [
    412,
    `The file has the ETag ${etag}, which the condition of the request rules out`,
  ],
  upload_refused: ({ refusal }) => [
    refusalStatuses[refusal.code],
    `The upload was refused: ${sayRefusal(refusal)}`,
  ],
  not_arrived: () => [409, 'The bytes have not arrived'],
  upload_over: ({ status }) => [
    410,
    status === 'uploading' ? 'The upload has expired' : `The upload is over: its file is ${status}`,
  ],
  replay_over: ({ became }) => [410, sayReplayOver(became)],
  not_multipart: () => [403, 'This upload is not in parts'],
  part_size_out_of_bounds: invalidValue('The size of parts'),
  part_size_too_small: invalidValue('The size of parts'),
  part_size_without_parts: invalidValue('The size of parts'),
  part_not_planned: invalidValue('The number of a part'),
  parts_missing: (failure) => [409, sayParts(failure)],
  parts_required: () => [400, 'The store cannot list parts: send all of them'],
  parts_refused: () => [400, 'The store refused the parts'],
  parts_not_listable: () => [400, 'The store cannot list the parts of an upload'],
  idempotency_key_reused: () => [400, 'This Idempotency-Key was used for a different request'],
  idempotency_in_progress: () => [423, 'A request with this Idempotency-Key is still running'],
  upload_superseded: () => [410, 'The file was deleted while it was uploading'],
  store_failed: () => [503, 'The object store did not answer as it should'],
  database_failed: () => [503, 'The database did not answer as it should'],
  identity_provider_failed: () => [503, 'The identity provider did not answer as it should'],
  internal: () => [500, 'Something went wrong on our side'],
} satisfies Table

/** What a client can learn from the status of a request that ended its upload. */
const refusalStatuses: Record<Refusal['code'], ContentfulStatusCode> = {
  size_mismatch: 413,
  type_mismatch: 415,
  checksum_mismatch: checksumMismatch,
  encoding_not_promised: 415,
  // Begun anew, the upload can succeed.
  parts_lost: 410,
  copied_not_uploaded: 400,
  quota_exceeded: 413,
  grant_exceeded: 413,
  never_arrived: 410,
  aborted: 410,
}

/** Answers as `text/plain`, with one sentence. */
export const plainFailures: FailureRenderer = {
  renderFailure(c, failure) {
    const render = table[failure.code] as (failure: Failure) => Rendered
    const [status, sentence, headers] = render(failure)
    return answer(c, status, sentence, { ...failureHeaders(failure), ...headers })
  },
  renderNoRoute: (c) => answer(c, 404, 'There is nothing here', {}),
  renderMethodNotAllowed: (c, allow) => answer(c, 405, `${c.req.method} is not possible here`, { allow }),
}

function answer(
  c: Context<HttpEnv>,
  status: ContentfulStatusCode,
  sentence: string,
  headers: Record<string, string>,
): Response {
  return c.text(sentence, status, headers)
}

/** What only a use case could judge about a value: `subject` begins the sentence. */
function invalidValue(subject: string): (failure: InvalidValue) => Rendered {
  return (failure) => [400, `${subject} ${sayInvalidValue(failure)}`]
}

function sayRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'size_mismatch':
    case 'type_mismatch':
    case 'encoding_not_promised':
    case 'parts_lost':
    case 'quota_exceeded':
    case 'grant_exceeded':
      return sayRefusedBytes(refusal)
    case 'checksum_mismatch':
      return `the ${refusal.algorithm === 'md5' ? 'MD5' : 'SHA-256'} of the bytes is not the promised one`
    case 'copied_not_uploaded':
      return 'the bytes were copied from another object'
    case 'never_arrived':
      return 'the bytes never arrived'
    case 'aborted':
      return 'it was given up'
  }
}
