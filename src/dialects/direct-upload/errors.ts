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
import { presentIssue } from './present-issue'

type Rendered =
  | { status: ContentfulStatusCode; error: string; detail: string }
  | { status: 422; issues: readonly Issue[] }
type Table = { [Code in FailureCode]: (failure: FailureOf<Code>) => Rendered }

const unreachable: Rendered = {
  status: 502,
  error: 'Bad Gateway',
  detail: 'The store or the database could not be reached; please try again',
}

/** How the Direct Upload API says each failure. */
const table = {
  unauthenticated: ({ reason }) => ({
    status: 401,
    error: 'Unauthorized',
    detail:
      reason === 'missing'
        ? 'A bearer token or an X-API-KEY header is required'
        : `The credential is ${reason}`,
  }),
  missing_scope: ({ scope }) => forbidden(`The credential lacks the scope ${scope}`),
  wrong_organization: () => forbidden('This credential belongs to no organization'),
  rate_limited: ({ retryAfterSeconds }) => ({
    status: 429,
    error: 'Too Many Requests',
    detail: `Try again in ${retryAfterSeconds} s`,
  }),
  invalid_request: ({ issues }) => invalid(issues),
  unsupported_body: ({ expected }) => invalid([{ field: '', message: `the body must be ${expected}` }]),
  unsupported_content_type: ({ contentType }) =>
    invalid([{ field: 'blob.content_type', message: `${contentType} is not supported` }]),
  content_too_large: ({ limitBytes }) => tooLarge(`The body may have at most ${limitBytes} bytes`),
  body_timed_out: () => ({
    status: 408,
    error: 'Request Timeout',
    detail: 'The body stopped arriving before its end; send the request again',
  }),
  upload_too_large: ({ limitBytes, byteSize }) =>
    invalid([
      {
        field: 'blob.byte_size',
        message: `${byteSize} is more than one PUT can carry (${limitBytes}); use the multipart endpoints, POST /v1/uploads`,
      },
    ]),
  size_mismatch: ({ expected, actual }) =>
    invalid([{ field: 'blob.byte_size', message: `is ${expected}, but ${actual} bytes came` }]),
  known_size_mismatch: invalidValue('blob.byte_size'),
  checksum_unverifiable: invalidValue('blob.checksum'),
  type_mismatch: (failure) => invalid([{ field: 'blob.content_type', message: sayTypeMismatch(failure) }]),
  quota_exceeded: () => forbidden("The organization's storage quota is exceeded"),
  quota_below_usage: () => conflict('The quota is less than what is in use'),
  scope_not_grantable: ({ scope }) => forbidden(`This credential cannot grant the scope ${scope}`),
  expiry_not_grantable: () => forbidden('This credential expires before what it would make'),
  expiry_in_past: invalidValue(''),
  organization_unnamed: invalidValue(''),
  too_many_api_keys: () => conflict('The organization has as many API keys as it may have'),
  organization_not_found: () => notFound('There is no such organization'),
  api_key_not_found: () => notFound('There is no such API key'),
  file_not_found: () => notFound('There is no such blob'),
  file_uploading: () => notFound('The bytes of this blob have not arrived yet'),
  file_refused: ({ refusal }) => notFound(`This blob has no bytes: ${sayRefusal(refusal)}`),
  precondition_failed: ({ etag }) => ({
    status: 412,
    error: 'Precondition Failed',
    detail: `The blob has the ETag ${etag}, which the condition of the request rules out`,
  }),
  too_many_uploads: () => forbidden('The organization has too many uploads pending; finish or delete some'),
  too_many_unsized_uploads: () => forbidden(tooManyUnsizedUploads),
  too_many_files: () => forbidden('The organization has as many files as it may have; delete some'),
  grant_forbids: (failure) => forbidden(sayGrantFailure(failure)),
  grant_refuses_origin: (failure) => forbidden(sayGrantFailure(failure)),
  grant_refuses_type: (failure) =>
    invalid([{ field: 'blob.content_type', message: sayGrantFailure(failure) }]),
  grant_too_large: (failure) => tooLarge(sayGrantFailure(failure)),
  grant_used_up: (failure) => forbidden(sayGrantFailure(failure)),
  grant_not_found: (failure) => notFound(sayGrantFailure(failure)),
  one_request_too_large: (failure) => tooLarge(sayGrantFailure(failure)),
  digest_mismatch: (failure) => invalid([{ field: '', message: sayGrantFailure(failure) }]),
  offset_mismatch: (failure) => conflict(sayAppendFailure(failure)),
  length_mismatch: (failure) => invalid([{ field: '', message: sayAppendFailure(failure) }]),
  beyond_length: (failure) => tooLarge(sayAppendFailure(failure)),
  append_in_progress: (failure) => conflict(sayAppendFailure(failure)),
  not_appendable: (failure) => conflict(sayAppendFailure(failure)),
  too_many_associations: invalidValue(''),
  upload_refused: ({ refusal }) => conflict(`The upload was refused: ${sayRefusal(refusal)}`),
  not_arrived: () => conflict('The bytes of this blob have not arrived yet'),
  upload_over: () => conflict('The upload is over'),
  replay_over: ({ became }) => conflict(sayReplayOver(became)),
  not_multipart: () => conflict('The upload is not in parts'),
  part_size_out_of_bounds: invalidValue(''),
  part_size_too_small: invalidValue(''),
  part_size_without_parts: invalidValue(''),
  part_not_planned: invalidValue(''),
  parts_missing: () => conflict('Parts are missing or wrong'),
  parts_required: () => conflict('The parts and their ETags are required'),
  parts_refused: () => conflict('The store refused the parts'),
  parts_not_listable: () => notFound('The store cannot list parts'),
  idempotency_key_reused: () => ({
    status: 422,
    error: 'Unprocessable Content',
    detail: 'This Idempotency-Key was used for a different request',
  }),
  idempotency_in_progress: () => conflict('A request with this Idempotency-Key is still running'),
  upload_superseded: () => conflict('The blob was deleted while it was uploading'),
  identity_provider_failed: () => unreachable,
  store_failed: () => unreachable,
  database_failed: () => unreachable,
  internal: () => ({
    status: 500,
    error: 'Internal Server Error',
    detail: 'Something went wrong on our side; please try again',
  }),
} satisfies Table

/** FastAPI's `{detail: […]}` for input, `{detail, error, error_code}` for the rest. */
export const directUploadFailures: FailureRenderer = {
  renderFailure(c, failure) {
    const render = table[failure.code] as (failure: Failure) => Rendered
    const rendered = render(failure)
    const headers = failureHeaders(failure)
    if ('issues' in rendered) return c.json({ detail: rendered.issues.map(presentIssue) }, 422, headers)
    const { status, detail, error } = rendered
    return c.json({ detail, error, error_code: failure.code }, status, headers)
  },
  renderNoRoute: (c) =>
    c.json({ detail: 'There is nothing here', error: 'Not Found', error_code: 'not_found' }, 404),
  renderMethodNotAllowed(c, allow) {
    const detail = `${c.req.method} is not possible here`
    return c.json({ detail, error: 'Method Not Allowed', error_code: 'method_not_allowed' }, 405, { allow })
  },
}

/** What only a use case could judge about a value: `field` is its name here, empty where there is none. */
function invalidValue(field: string): (failure: InvalidValue) => Rendered {
  return (failure) => invalid([{ field, message: sayInvalidValue(failure) }])
}

function invalid(issues: readonly Issue[]): Rendered {
  return { status: 422, issues }
}

function forbidden(detail: string): Rendered {
  return { status: 403, error: 'Forbidden', detail }
}

function tooLarge(detail: string): Rendered {
  return { status: 413, error: 'Content Too Large', detail }
}

function notFound(detail: string): Rendered {
  return { status: 404, error: 'Not Found', detail }
}

function conflict(detail: string): Rendered {
  return { status: 409, error: 'Conflict', detail }
}

function sayRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'size_mismatch':
    case 'type_mismatch':
    case 'quota_exceeded':
    case 'grant_exceeded':
    case 'parts_lost':
      return sayRefusedBytes(refusal)
    case 'encoding_not_promised':
      return `their ${sayRefusedBytes(refusal)}`
    case 'checksum_mismatch':
      return `they had another ${refusal.algorithm === 'md5' ? 'MD5' : 'SHA-256'} than was promised`
    case 'copied_not_uploaded':
      return 'they were copied from another object instead of uploaded'
    case 'aborted':
      return 'their upload was aborted'
    case 'never_arrived':
      return 'they never arrived'
  }
}
