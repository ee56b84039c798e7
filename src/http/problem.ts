import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Issue } from '../core/errors'
import type { HttpEnv } from './context'

/** What a problem says (RFC 9457). */
export type Problem = {
  status: ContentfulStatusCode
  title: string
  detail: string
  errors?: readonly Issue[]
  /** The URI of a registered type. Left out: the problem is what its status says. */
  type?: string
  /** The members that the type has beside those of every problem. */
  extensions?: Readonly<Record<string, unknown>>
}

export function problem(status: ContentfulStatusCode, title: string, detail: string): Problem {
  return { status, title, detail }
}

/** Answers with `said` as `application/problem+json`. */
export function answerProblem(
  c: Context<HttpEnv>,
  said: Problem,
  headers: Readonly<Record<string, string>>,
): Response {
  const { status, title, detail, errors, type = 'about:blank', extensions } = said
  // Percent-encoded as it came; with two slashes first it would name another host.
  const instance = c.get('pathToken') === undefined ? new URL(c.req.url).pathname.replace(/^\/+/, '/') : '/g'
  return c.json(
    { type, title, status, detail, instance, ...(errors ? { errors } : {}), ...extensions },
    status,
    { ...headers, 'content-type': 'application/problem+json' },
  )
}
