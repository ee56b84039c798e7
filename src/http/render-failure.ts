import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type Failure, GatewayError, type Issue } from '../core/errors'
import type { HttpEnv } from './context'

/** Headers that belong to a failure in every dialect: the challenge of a 401, the wait of a 409 or 429, the ETag of a 412. */
export function failureHeaders(failure: Failure): Record<string, string> {
  switch (failure.code) {
    case 'unauthenticated':
      // RFC 6750, section 3: no error code when no credentials were given.
      return {
        'www-authenticate': failure.reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"',
      }
    case 'rate_limited':
    case 'idempotency_in_progress':
    case 'append_in_progress':
      return { 'retry-after': String(failure.retryAfterSeconds) }
    case 'body_timed_out':
      // RFC 9110, section 15.5.9.
      return { connection: 'close' }
    case 'precondition_failed':
      return { etag: failure.etag }
    default:
      return {}
  }
}

/** How much an answer says about a wrong request, however much is wrong with it. */
const issuesMax = 20
const messageMaxLength = 1000
const nameMaxLength = 200

/**
 * The failure that an error thrown in a handler stands for, cut to what an answer may say. Failures of the gateway, the
 * store, the database or the identity provider, and unforeseen errors (`internal`), are logged with their cause.
 */
export function failureOf(error: Error, c: Context<HttpEnv>): Failure {
  const failure = toFailure(error)
  if (isOurs(failure)) c.get('gateway').log({ event: 'request_failed', failure, cause: error })
  return bounded(failure)
}

function bounded(failure: Failure): Failure {
  switch (failure.code) {
    case 'invalid_request':
      return { ...failure, issues: boundedIssues(failure.issues) }
    case 'unsupported_content_type':
      return { ...failure, contentType: shortened(failure.contentType, nameMaxLength) }
    default:
      return failure
  }
}

function boundedIssues(issues: readonly Issue[]): Issue[] {
  const isTooMany = issues.length > issuesMax
  const said = (isTooMany ? issues.slice(0, issuesMax - 1) : issues).map(({ field, message }) => ({
    field: shortened(field, nameMaxLength),
    message: shortened(message, messageMaxLength),
  }))
  if (isTooMany) said.push({ field: '', message: `${issues.length - said.length} more values are wrong` })
  return said
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
}

function toFailure(error: Error): Failure {
  if (error instanceof GatewayError) return error.failure
  // Hono throws this itself for a body that is not valid JSON.
  if (error instanceof HTTPException && error.status === 400)
    return { code: 'invalid_request', issues: [{ field: '', message: 'the body is not valid JSON' }] }
  return { code: 'internal' }
}

function isOurs({ code }: Failure): boolean {
  return (
    code === 'internal' ||
    code === 'store_failed' ||
    code === 'database_failed' ||
    code === 'identity_provider_failed'
  )
}
