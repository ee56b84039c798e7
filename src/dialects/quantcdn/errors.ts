import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Failure, FailureCode, FailureOf, Issue, Refusal } from '../../core/errors'
import type { FailureRenderer } from '../../http/mount'
import { failureHeaders } from '../../http/render-failure'
import { sayAppendFailure } from '../../http/say-append-failure'
import { sayGrantFailure } from '../../http/say-grant-failure'
import { type InvalidValue, sayInvalidValue } from '../../http/say-invalid-value'
import { sayRefusedBytes } from '../../http/say-refused-bytes'
import { sayTypeMismatch } from '../../http/say-type-mismatch'
import { sayReplayOver, tooManyUnsizedUploads } from '../../http/shared-sentences'

type Rendered = { status: ContentfulStatusCode; message: string; details?: readonly Issue[] }
type Table = { [Code in FailureCode]: (failure: FailureOf<Code>) => Rendered }

const notFound = { status: 404, message: 'File not found' } as const
const accessDenied = { status: 403, message: 'Access denied' } as const
const brokenGateway = { status: 500, message: 'Something went wrong on our side; please try again' } as const

/** How QuantCDN's API says each failure. */
const table = {
  unauthenticated: ({ reason }) => ({
    status: 401,
    message: reason === 'missing' ? 'A bearer token is required' : `The token is ${reason}`,
  }),
  missing_scope: ({ scope }) => ({
    status: 403,
    message: `Access denied: the token lacks the scope ${scope}`,
  }),
  wrong_organization: () => accessDenied,
  rate_limited: ({ retryAfterSeconds }) => ({
    status: 429,
    message: `Too many requests; try again in ${retryAfterSeconds} s`,
  }),
  invalid_request: ({ issues }) => badRequest(issues),
  unsupported_body: ({ expected }) => badRequest([{ field: '', message: `the body must be ${expected}` }]),
  unsupported_content_type: ({ contentType, supported }) =>
    badRequest([
      {
        field: 'contentType',
        message: `${contentType} is not supported; use one of ${supported.join(', ')}`,
      },
    ]),
  content_too_large: ({ limitBytes }) => ({
    status: 413,
    message: `The content is larger than ${limitBytes} bytes; set requestUploadUrl to true for large files`,
  }),
  body_timed_out: () => ({
    status: 408,
    message: 'The body stopped arriving before its end; send the request again',
  }),
  upload_too_large: ({ limitBytes, byteSize }) => ({
    status: 413,
    message: `${byteSize} bytes are more than an upload can have (${limitBytes})`,
  }),
  size_mismatch: ({ expected, actual }) =>
    badRequest([{ field: 'size', message: `is ${expected}, but the content has ${actual} bytes` }]),
  known_size_mismatch: invalidValue('size'),
  checksum_unverifiable: (failure) => invalidValue(failure.algorithm)(failure),
  type_mismatch: (failure) => badRequest([{ field: 'content', message: sayTypeMismatch(failure) }]),
  quota_exceeded: () => ({
    status: 403,
    message: "Access denied: the organization's storage quota is exceeded",
  }),
  quota_below_usage: () => accessDenied,
  scope_not_grantable: () => accessDenied,
  expiry_not_grantable: () => accessDenied,
  expiry_in_past: invalidValue('expiration_date'),
  organization_unnamed: invalidValue('organization'),
  too_many_api_keys: () => accessDenied,
  organization_not_found: () => accessDenied,
  api_key_not_found: () => notFound,
  file_not_found: () => notFound,
  file_uploading: () => ({ status: 404, message: 'File not found: it is still uploading' }),
  file_refused: ({ refusal }) => ({ status: 404, message: `File not found: ${sayRefusal(refusal)}` }),
  precondition_failed: ({ etag }) => ({
    status: 412,
    message: `The file has the ETag ${etag}, which the condition of the request rules out`,
  }),
  too_many_uploads: () => ({
    status: 403,
    message: 'Access denied: the organization has too many uploads pending; finish or delete some',
  }),
  too_many_unsized_uploads: () => ({ status: 403, message: `Access denied: ${tooManyUnsizedUploads}` }),
  too_many_files: () => ({
    status: 403,
    message: 'Access denied: the organization has as many files as it may have; delete some',
  }),
  grant_forbids: (failure) => ({ status: 403, message: `Access denied: ${sayGrantFailure(failure)}` }),
  grant_refuses_origin: (failure) => ({ status: 403, message: `Access denied: ${sayGrantFailure(failure)}` }),
  grant_refuses_type: (failure) => ({ status: 415, message: sayGrantFailure(failure) }),
  grant_too_large: (failure) => ({ status: 413, message: sayGrantFailure(failure) }),
  grant_used_up: (failure) => ({ status: 403, message: `Access denied: ${sayGrantFailure(failure)}` }),
  grant_not_found: () => notFound,
  one_request_too_large: (failure) => ({ status: 413, message: sayGrantFailure(failure) }),
  digest_mismatch: (failure) => badRequest([{ field: '', message: sayGrantFailure(failure) }]),
  offset_mismatch: (failure) => conflict(sayAppendFailure(failure)),
  length_mismatch: (failure) => badRequest([{ field: '', message: sayAppendFailure(failure) }]),
  beyond_length: (failure) => ({ status: 413, message: sayAppendFailure(failure) }),
  append_in_progress: (failure) => conflict(sayAppendFailure(failure)),
  not_appendable: (failure) => conflict(sayAppendFailure(failure)),
  too_many_associations: invalidValue('resourceId'),
  upload_refused: ({ refusal }) => ({ status: 404, message: `File not found: ${sayRefusal(refusal)}` }),
  not_arrived: () => ({ status: 404, message: 'File not found: its bytes have not arrived' }),
  upload_over: () => conflict('The upload is over'),
  replay_over: ({ became }) => conflict(sayReplayOver(became)),
  not_multipart: () => conflict('The upload is not in parts'),
  part_size_out_of_bounds: invalidValue('partSize'),
  part_size_too_small: invalidValue('partSize'),
  part_size_without_parts: invalidValue('partSize'),
  part_not_planned: invalidValue('partNumbers'),
  parts_missing: () => conflict('Parts are missing or wrong'),
  parts_required: () => conflict('The parts and their ETags are required'),
  parts_refused: () => conflict('The store refused the parts'),
  parts_not_listable: () => notFound,
  idempotency_key_reused: () => ({
    status: 422,
    message: 'This Idempotency-Key was used for a different request',
  }),
  idempotency_in_progress: () => conflict('A request with this Idempotency-Key is still running'),
  upload_superseded: () => conflict('The file was deleted, or replaced by a retry, while it was uploading'),
  store_failed: () => brokenGateway,
  database_failed: () => brokenGateway,
  identity_provider_failed: () => brokenGateway,
  internal: () => brokenGateway,
} satisfies Table

/** Answers in QuantCDN's shape: `{error: true, message, details?}`. */
export const quantcdnFailures: FailureRenderer = {
  renderFailure(c, failure) {
    const render = table[failure.code] as (failure: Failure) => Rendered
    const { status, message, details } = render(failure)
    return c.json({ error: true, message, ...(details ? { details } : {}) }, status, failureHeaders(failure))
  },
  renderNoRoute: (c) => c.json({ error: true, message: 'There is nothing here' }, 404),
  renderMethodNotAllowed: (c, allow) =>
    c.json({ error: true, message: `${c.req.method} is not possible here` }, 405, { allow }),
}

/** What only a use case could judge about a value: `field` is its name here. */
function invalidValue(field: string): (failure: InvalidValue) => Rendered {
  return (failure) => badRequest([{ field, message: sayInvalidValue(failure) }])
}

function badRequest(details: readonly Issue[]): Rendered {
  const [first] = details
  const about = first?.field ? `${first.field}: ${first.message}` : first?.message
  return { status: 400, message: `Invalid request${about ? `: ${about}` : ''}`, details }
}

function conflict(message: string): Rendered {
  return { status: 409, message }
}

function sayRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'size_mismatch':
    case 'type_mismatch':
    case 'encoding_not_promised':
    case 'quota_exceeded':
    case 'grant_exceeded':
    case 'parts_lost':
      return `its upload was refused (${sayRefusedBytes(refusal)})`
    case 'checksum_mismatch':
      return `its upload was refused (the bytes have another ${refusal.algorithm} than was promised)`
    case 'copied_not_uploaded':
      return 'its upload was refused (it was copied from another object)'
    case 'aborted':
      return 'its upload was aborted'
    case 'never_arrived':
      return 'its upload never arrived'
  }
}
