import {
  type Failure,
  type FailureCode,
  type FailureOf,
  type Issue,
  type Refusal,
  sayIssue,
} from '../core/errors'
import { rateLimitPeriodSeconds, rateLimitRequests } from './authenticate-request'
import type { FailureRenderer } from './mount'
import { answerProblem, type Problem, problem } from './problem'
import { failureHeaders } from './render-failure'
import { sayAppendFailure } from './say-append-failure'
import { sayGrantFailure } from './say-grant-failure'
import { type InvalidValue, sayInvalidValue } from './say-invalid-value'
import { sayParts } from './say-parts'
import { sayRefusedBytes } from './say-refused-bytes'
import { sayTypeMismatch } from './say-type-mismatch'
import { sayReplayOver, tooManyUnsizedUploads } from './shared-sentences'

type Table = { [Code in FailureCode]: (failure: FailureOf<Code>) => Problem }

/** How the gateway's own endpoints say each failure: RFC 9457 problem details. */
const table = {
  unauthenticated: ({ reason }) =>
    problem(
      401,
      'Unauthorized',
      reason === 'missing' ? 'A bearer token is required' : `The token is ${reason}`,
    ),
  missing_scope: ({ scope }) => problem(403, 'Forbidden', `Missing required scope: ${scope}`),
  wrong_organization: () => problem(403, 'Forbidden', 'This credential may not do that'),
  rate_limited: ({ retryAfterSeconds }) =>
    problem(429, 'Too Many Requests', `Try again in ${retryAfterSeconds} s`),
  invalid_request: ({ issues }) => badRequest(issues),
  unsupported_body: ({ expected }) => problem(415, 'Unsupported Media Type', `The body must be ${expected}`),
  unsupported_content_type: ({ contentType }) =>
    problem(415, 'Unsupported Media Type', `${contentType} is not accepted`),
  content_too_large: ({ limitBytes }) =>
    problem(413, 'Content Too Large', `The body may have at most ${limitBytes} bytes`),
  body_timed_out: () =>
    problem(408, 'Request Timeout', 'The body stopped arriving before its end; send the request again'),
  upload_too_large: ({ limitBytes, byteSize }) =>
    problem(413, 'Content Too Large', `${byteSize} bytes are more than ${limitBytes}`),
  size_mismatch: ({ expected, actual }) =>
    badRequest([{ field: 'size', message: `is ${expected}, but ${actual} bytes came` }]),
  known_size_mismatch: invalidValue('size'),
  checksum_unverifiable: (failure) => invalidValue(failure.algorithm)(failure),
  type_mismatch: (failure) => badRequest([{ field: 'contentType', message: sayTypeMismatch(failure) }]),
  quota_exceeded: () => problem(402, 'Payment Required', "The organization's storage quota is exceeded"),
  too_many_uploads: () =>
    problem(429, 'Too Many Requests', 'The organization has too many uploads pending; finish or abort some'),
  too_many_unsized_uploads: () => problem(429, 'Too Many Requests', tooManyUnsizedUploads),
  too_many_files: () =>
    problem(402, 'Payment Required', 'The organization has as many files as it may have; delete some'),
  grant_forbids: (failure) => problem(403, 'Forbidden', sayGrantFailure(failure)),
  grant_refuses_origin: (failure) => problem(403, 'Forbidden', sayGrantFailure(failure)),
  grant_refuses_type: (failure) => problem(415, 'Unsupported Media Type', sayGrantFailure(failure)),
  grant_too_large: (failure) => problem(413, 'Content Too Large', sayGrantFailure(failure)),
  grant_used_up: (failure) => problem(403, 'Forbidden', sayGrantFailure(failure)),
  grant_not_found: (failure) => problem(404, 'Not Found', sayGrantFailure(failure)),
  one_request_too_large: (failure) => problem(413, 'Content Too Large', sayGrantFailure(failure)),
  digest_mismatch: (failure) => badRequest([{ field: 'Repr-Digest', message: sayGrantFailure(failure) }]),
  offset_mismatch: (failure) => problem(409, 'Conflict', sayAppendFailure(failure)),
  length_mismatch: (failure) => badRequest([{ field: '', message: sayAppendFailure(failure) }]),
  beyond_length: (failure) => problem(413, 'Content Too Large', sayAppendFailure(failure)),
  append_in_progress: (failure) => problem(423, 'Locked', sayAppendFailure(failure)),
  not_appendable: (failure) => problem(409, 'Conflict', sayAppendFailure(failure)),
  too_many_associations: invalidValue('resourceId'),
  quota_below_usage: ({ usedBytes, reservedBytes }) =>
    problem(
      409,
      'Conflict',
      `quotaBytes is less than what is in use: ${usedBytes} bytes stored, ${reservedBytes} promised to uploads`,
    ),
  scope_not_grantable: ({ scope }) => problem(403, 'Forbidden', `This key cannot grant ${scope}`),
  expiry_not_grantable: ({ latest }) =>
    problem(403, 'Forbidden', `This key expires at ${new Date(latest).toISOString()}; so must what it makes`),
  expiry_in_past: invalidValue('expiration_date'),
  organization_unnamed: invalidValue('organization'),
  too_many_api_keys: ({ max }) =>
    problem(409, 'Conflict', `The organization has ${max} API keys that work; revoke some first`),
  organization_not_found: () => problem(404, 'Not Found', 'There is no such organization'),
  api_key_not_found: () => problem(404, 'Not Found', 'There is no such API key'),
  file_not_found: () => problem(404, 'Not Found', 'There is no such file'),
  file_uploading: () => problem(404, 'Not Found', 'The file is still uploading'),
  file_refused: ({ refusal }) => problem(404, 'Not Found', `The file has no bytes: ${sayRefusal(refusal)}`),
  precondition_failed: ({ etag }) =>
    problem(
      412,
      'Precondition Failed',
      `The file has the ETag ${etag}, which the condition of the request rules out`,
    ),
  upload_refused: ({ refusal }) =>
    problem(422, 'Unprocessable Content', `The upload was refused: ${sayRefusal(refusal)}`),
  not_arrived: () => problem(409, 'Conflict', 'The bytes have not arrived'),
  upload_over: ({ status }) => problem(409, 'Conflict', sayOver(status)),
  replay_over: ({ became }) => problem(409, 'Conflict', sayReplayOver(became)),
  not_multipart: () => problem(409, 'Conflict', 'This upload is one PUT, not in parts'),
  part_size_out_of_bounds: invalidValue('partSize'),
  part_size_too_small: invalidValue('partSize'),
  part_size_without_parts: invalidValue('partSize'),
  part_not_planned: invalidValue('partNumbers'),
  parts_missing: (failure) => problem(409, 'Conflict', sayParts(failure)),
  parts_required: () =>
    problem(
      409,
      'Conflict',
      'The store cannot list parts: send all of them as parts, each with partNumber and the ETag its PUT answered with',
    ),
  parts_refused: () =>
    problem(
      409,
      'Conflict',
      'The store refused the parts: one has another ETag or is not as large as it must be',
    ),
  parts_not_listable: () => problem(501, 'Not Implemented', 'The store cannot list the parts of an upload'),
  idempotency_key_reused: () =>
    problem(422, 'Unprocessable Content', 'This Idempotency-Key was used for a different request'),
  idempotency_in_progress: () =>
    problem(409, 'Conflict', 'A request with this Idempotency-Key is still running'),
  upload_superseded: () => problem(409, 'Conflict', 'The file was deleted while it was uploading'),
  store_failed: () => problem(503, 'Service Unavailable', 'The object store did not answer as it should'),
  database_failed: () => problem(503, 'Service Unavailable', 'The database did not answer as it should'),
  identity_provider_failed: () =>
    problem(503, 'Service Unavailable', 'The identity provider did not answer as it should'),
  internal: () => problem(500, 'Internal Server Error', 'Something went wrong on our side'),
} satisfies Table

/** Answers with problem details. */
export const problems: FailureRenderer = {
  renderFailure(c, failure) {
    return answerProblem(c, problemOf(failure), headersOf(failure))
  },
  renderNoRoute: (c) => answerProblem(c, problem(404, 'Not Found', 'There is nothing here'), {}),
  renderMethodNotAllowed: (c, allow) =>
    answerProblem(c, problem(405, 'Method Not Allowed', `${c.req.method} is not possible here`), { allow }),
}

/** What problem `failure` is, without the headers that say more of it. */
export function problemOf(failure: Failure): Problem {
  const render = table[failure.code] as (failure: Failure) => Problem
  return render(failure)
}

/** The headers of the answer to `failure`. */
export function headersOf(failure: Failure): Record<string, string> {
  const headers = failureHeaders(failure)
  if (failure.code !== 'rate_limited') return headers
  // draft-ietf-httpapi-ratelimit-headers: how many requests in which time.
  const policy = `"default";q=${rateLimitRequests};w=${rateLimitPeriodSeconds}`
  return { ...headers, 'ratelimit-policy': policy }
}

function sayOver(status: string): string {
  return status === 'uploading'
    ? 'The upload is over: it has expired, or the store has given its parts up. Begin a new one'
    : `The upload is over: its file is ${status}`
}

function sayRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'size_mismatch':
    case 'type_mismatch':
    case 'encoding_not_promised':
    case 'quota_exceeded':
    case 'grant_exceeded':
    case 'parts_lost':
      return sayRefusedBytes(refusal)
    case 'checksum_mismatch':
      return `the ${refusal.algorithm === 'md5' ? 'MD5' : 'SHA-256'} of the bytes is not the promised one`
    case 'copied_not_uploaded':
      return 'the bytes were copied from another object'
    case 'never_arrived':
      return 'the bytes never arrived'
    case 'aborted':
      return 'it was aborted'
  }
}

/** What only a use case could judge about a value: `field` is its name here. */
function invalidValue(field: string): (failure: InvalidValue) => Problem {
  return (failure) => badRequest([{ field, message: sayInvalidValue(failure) }])
}

function badRequest(errors: readonly Issue[]): Problem {
  return { ...problem(400, 'Bad Request', sayIssue(errors[0])), errors }
}
