import { Hono } from 'hono'
import type { Failure, FailureCode } from '../core/errors'
import type { HttpEnv } from '../http/context'
import { isForGrants, type Operation } from '../http/operation'
import type { DocumentedDialect } from './documented'
import { sampleFailures } from './sample-failures'

/** What a dialect answers to one failure. */
export type FailureAnswer = { status: number; headers: readonly string[]; body: unknown }

/** Codes that an operation can fail with, sorted: its own, and those that come with how it is called. */
export function failureCodesOf(operation: Operation): FailureCode[] {
  const { access, method, body, query, fails = [] } = operation
  const codes: FailureCode[] = ['internal', ...fails]
  if (access !== 'public')
    codes.push(
      'database_failed',
      'unauthenticated',
      'wrong_organization',
      'rate_limited',
      'identity_provider_failed',
    )
  if (access !== 'public' && access !== 'any' && access !== 'root') codes.push('missing_scope')
  if (access !== 'public') codes.push(isForGrants(access) ? 'grant_refuses_origin' : 'grant_forbids')
  if (body) codes.push('invalid_request', 'content_too_large', 'body_timed_out')
  if (query) codes.push('invalid_request')
  if (method === 'post') codes.push('invalid_request', 'idempotency_key_reused', 'idempotency_in_progress')
  return [...new Set(codes)].sort()
}

/** What the dialect answers to such a failure, as its own table says it. */
export async function failureAnswerOf(
  { dialect, documentation }: DocumentedDialect,
  code: FailureCode,
): Promise<FailureAnswer> {
  const failure: Failure = documentation.failures?.[code] ?? sampleFailures[code]
  const app = new Hono<HttpEnv>()
  app.all('*', (c) => {
    c.set('requestId', requestId)
    return dialect.renderFailure(c, failure)
  })
  const answer = await app.request(dialect.path || '/')
  const headers = [...answer.headers.keys()].filter((name) => !name.startsWith('content-'))
  const isText = documentation.failureContentType.startsWith('text/')
  return { status: answer.status, headers, body: isText ? await answer.text() : await answer.json() }
}

const requestId = '5f0c7a1e-6f6b-4c6e-9d53-0a1b2c3d4e5f'
