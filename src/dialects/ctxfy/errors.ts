import type { ContentfulStatusCode } from 'hono/utils/http-status'
import {
  type Failure,
  type FailureCode,
  type FailureOf,
  type Issue,
  type Refusal,
  sayIssue,
} from '../../core/errors'
import type { FailureRenderer } from '../../http/mount'
import { failureHeaders } from '../../http/render-failure'
import { sayAppendFailure } from '../../http/say-append-failure'
import { sayGrantFailure } from '../../http/say-grant-failure'
import { type InvalidValue, sayInvalidValue } from '../../http/say-invalid-value'
import { sayTypeMismatch, sayTypeRefusal } from '../../http/say-type-mismatch'
import { sayReplayOver, tooManyUnsizedUploads } from '../../http/shared-sentences'

type Rendered = { status: ContentfulStatusCode; error: string; message: string; details?: readonly Issue[] }
type Table = { [Code in FailureCode]: (failure: FailureOf<Code>) => Rendered }

/** How Ctxfy's API says each failure. */
const table = {
  unauthenticated: ({ reason }) => ({
    status: 401,
    error: 'Unauthorized',
    message:
      reason === 'missing'
        ? 'Authentication required. Please provide a valid API token'
        : `The API token is ${reason}`,
  }),
  missing_scope: ({ scope }) => forbidden(`The API key lacks the scope ${scope}`),
  wrong_organization: () => forbidden('This credential may not do that'),
  rate_limited: ({ retryAfterSeconds }) => ({
    status: 429,
    error: 'Too Many Requests',
    message: `Try again in ${retryAfterSeconds} s`,
  }),
  invalid_request: ({ issues }) => badRequest(issues),
  unsupported_body: ({ expected }) => badRequest([{ field: '', message: `the body must be ${expected}` }]),
  unsupported_content_type: ({ contentType }) =>
    badRequest([{ field: 'contentType', message: `${contentType} is not supported` }]),
  content_too_large: ({ limitBytes }) => tooLarge(`The body may have at most ${limitBytes} bytes`),
  body_timed_out: () => ({
    status: 408,
    error: 'Request Timeout',
    message: 'The body stopped arriving before its end; send the request again',
  }),
  upload_too_large: ({ limitBytes, byteSize }) =>
    badRequest([{ field: 'size', message: `is ${byteSize}, but at most ${limitBytes} bytes are possible` }]),
  size_mismatch: ({ expected, actual }) =>
    badRequest([{ field: 'size', message: `is ${expected}, but ${actual} bytes came` }]),
  known_size_mismatch: invalidValue('size'),
  checksum_unverifiable: (failure) => invalidValue(failure.algorithm)(failure),
  type_mismatch: (failure) => badRequest([{ field: 'contentType', message: sayTypeMismatch(failure) }]),
  quota_exceeded: () => forbidden("The organization's storage quota is exceeded"),
  quota_below_usage: () => conflict('The quota is less than what is in use'),
  scope_not_grantable: ({ scope }) => forbidden(`This API key cannot grant the scope ${scope}`),
  expiry_not_grantable: ({ latest }) =>
    forbidden(`This API key expires at ${new Date(latest).toISOString()}; so must the keys it makes`),
  expiry_in_past: invalidValue('expiration_date'),
  organization_unnamed: invalidValue('organization'),
  too_many_api_keys: ({ max }) =>
    conflict(`The organization has ${max} API keys that work; revoke some that are not needed`),
  organization_not_found: () => notFound('There is no such organization'),
  api_key_not_found: () => notFound('There is no such API key'),
  file_not_found: () => notFound('There is no such file'),
  file_uploading: () => notFound('The file is still uploading'),
  file_refused: ({ refusal }) => notFound(`The file has no bytes: ${sayRefusal(refusal)}`),
  precondition_failed: ({ etag }) => ({
    status: 412,
    error: 'Precondition Failed',
    message: `The file has the ETag ${etag}, which the condition of the request rules out`,
  }),
  too_many_uploads: () => forbidden('The organization has too many uploads pending; finish or delete some'),
  too_many_unsized_uploads: () => forbidden(tooManyUnsizedUploads),
  too_many_files: () => forbidden('The organization has as many files as it may have; delete some'),
  grant_forbids: (failure) => forbidden(sayGrantFailure(failure)),
  grant_refuses_origin: (failure) => forbidden(sayGrantFailure(failure)),
  grant_refuses_type: (failure) => ({
    status: 415,
    error: 'Unsupported Media Type',
    message: sayGrantFailure(failure),
  }),
  grant_too_large: (failure) => tooLarge(sayGrantFailure(failure)),
  grant_used_up: (failure) => forbidden(sayGrantFailure(failure)),
  grant_not_found: (failure) => notFound(sayGrantFailure(failure)),
  one_request_too_large: (failure) => tooLarge(sayGrantFailure(failure)),
  digest_mismatch: (failure) => badRequest([{ field: '', message: sayGrantFailure(failure) }]),
  offset_mismatch: (failure) => conflict(sayAppendFailure(failure)),
  length_mismatch: (failure) => badRequest([{ field: '', message: sayAppendFailure(failure) }]),
  beyond_length: (failure) => tooLarge(sayAppendFailure(failure)),
  append_in_progress: (failure) => conflict(sayAppendFailure(failure)),
  not_appendable: (failure) => conflict(sayAppendFailure(failure)),
  too_many_associations: invalidValue('resourceId'),
  upload_refused: ({ refusal }) => conflict(`The upload was refused: ${sayRefusal(refusal)}`),
  not_arrived: () => conflict('The bytes have not arrived'),
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
  parts_not_listable: () => notFound('The store cannot list parts'),
  idempotency_key_reused: () => ({
    status: 422,
    error: 'Unprocessable Entity',
    message: 'This Idempotency-Key was used for a different request',
  }),
  idempotency_in_progress: () => conflict('A request with this Idempotency-Key is still running'),
  upload_superseded: () => conflict('The file was deleted while it was uploading'),
  store_failed: () => brokenGateway,
  database_failed: () => brokenGateway,
  identity_provider_failed: () => brokenGateway,
  internal: () => brokenGateway,
} satisfies Table

const brokenGateway: Rendered = {
  status: 500,
  error: 'Internal Server Error',
  message: 'An unexpected error occurred on the server',
}

/** Answers in Ctxfy's shape: `{error, message, code, details?, requestId?}`. */
export const ctxfyFailures: FailureRenderer = {
  renderFailure(c, failure) {
    const render = table[failure.code] as (failure: Failure) => Rendered
    const { status, error, message, details } = render(failure)
    const body = {
      error,
      message,
      code: status,
      ...(details ? { details } : {}),
      ...(status === 500 ? { requestId: c.get('requestId') } : {}),
    }
    return c.json(body, status, failureHeaders(failure))
  },
  renderNoRoute: (c) => c.json({ error: 'Not Found', message: 'There is nothing here', code: 404 }, 404),
  renderMethodNotAllowed(c, allow) {
    const message = `${c.req.method} is not possible here`
    return c.json({ error: 'Method Not Allowed', message, code: 405 }, 405, { allow })
  },
}

function sayRefusal(refusal: Refusal): string {
  return refusal.code === 'type_mismatch' ? sayTypeRefusal(refusal) : refusal.code
}

/** What only a use case could judge about a value: `field` is its name here. */
function invalidValue(field: string): (failure: InvalidValue) => Rendered {
  return (failure) => badRequest([{ field, message: sayInvalidValue(failure) }])
}

function badRequest(details: readonly Issue[]): Rendered {
  return { status: 400, error: 'Bad Request', message: sayIssue(details[0]), details }
}

function forbidden(message: string): Rendered {
  return { status: 403, error: 'Forbidden', message }
}

function notFound(message: string): Rendered {
  return { status: 404, error: 'Not Found', message }
}

function conflict(message: string): Rendered {
  return { status: 409, error: 'Conflict', message }
}

function tooLarge(message: string): Rendered {
  return { status: 413, error: 'Content Too Large', message }
}
