import type { Context } from 'hono'
import { HonoBase } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'
import type { Failure } from '../core/errors'
import { answerConfirmed } from './confirm-key'
import type { HttpEnv } from './context'
import type { BodyParser, Operation } from './operation'
import { readJson } from './read-json'
import { failureOf } from './render-failure'

/** How an API says that something went wrong. */
export type FailureRenderer = {
  renderFailure(c: Context<HttpEnv>, failure: Failure): Response
  /** There is no such path. */
  renderNoRoute(c: Context<HttpEnv>): Response
  /** The path knows other methods: `allow`, for the header of that name. */
  renderMethodNotAllowed(c: Context<HttpEnv>, allow: string): Response
}

/** One public API: its operations, and how it says what every API has to say. */
export type Dialect = FailureRenderer & {
  /** Where it is, from the root of the gateway. */
  path: '' | `/${string}`
  /** The operations are below each of these; the reference shows the first. Left out: directly below `path`. */
  prefixes?: readonly string[]
  operations: readonly Operation[]
  /** Below each of these no method is answered without a credential, not even to say that there is nothing. */
  guards: readonly string[]
  /** Sets the principal of a request to a guarded path. Throws what `authenticateRequest` throws. */
  authenticate?: (c: Context<HttpEnv>) => Promise<unknown>
  /** Below each of these, a path without an operation is this dialect's to answer. */
  owns: readonly string[]
  /**
   * Answers a request before its credential is looked at; null: it is dealt with as any other. Never asked about OPTIONS.
   */
  admit?: (c: Context<HttpEnv>) => Response | null
  /** Headers of every answer below `path`, whatever it is: also of failures, and of OPTIONS with and without CORS. */
  headers?: (c: Context<HttpEnv>) => Record<string, string>
  /** Reads the JSON of operations with a body; `readJson` unless the dialect has its own words for what is no JSON. */
  parseBody?: BodyParser
}

/**
 * The routes of a dialect: 401 comes before 404, and 404 before 405 (RFC 9110, section 15.5.6), whose `Allow` is made
 * of the same list. So is that of OPTIONS (section 9.3.7), which needs no credential: routes are no secret.
 */
export function mount(dialect: Dialect): HonoBase<HttpEnv> {
  const { operations, prefixes = [''], authenticate, admit, parseBody = readJson } = dialect
  const app = new HonoBase<HttpEnv>({ router: new TrieRouter() })
  const allowed = prefixes.flatMap((prefix) =>
    [...methodsByPath(operations)].map(([path, methods]) => ({ path: prefix + path, methods })),
  )
  for (const { path, methods } of allowed)
    app.options(path, (c) => c.body(null, 204, { allow: [...methods, 'OPTIONS'].join(', ') }))
  if (admit) app.use('/*', async (c, next) => (c.req.method === 'OPTIONS' ? null : admit(c)) ?? next())
  if (authenticate)
    // `/*` also matches the path before it.
    for (const prefix of dialect.guards)
      app.use(`${prefix}/*`, (c, next) =>
        c.req.method === 'OPTIONS'
          ? next()
          : answerConfirmed(c, async () => {
              await authenticate(c)
              await next()
            }),
      )
  // hono hands a HEAD to the handlers of GET.
  for (const prefix of prefixes)
    for (const { method, path, run } of operations)
      if (method === 'head')
        app.get(prefix + path, (c, next) => (c.req.method === 'HEAD' ? run(c, parseBody) : next()))
      else app[method](prefix + path, (c) => run(c, parseBody))
  for (const { path, methods } of allowed)
    app.all(path, (c) => dialect.renderMethodNotAllowed(c, methods.join(', ')))
  for (const prefix of dialect.owns) app.all(`${prefix}/*`, (c) => dialect.renderNoRoute(c))
  app.onError((error, c) => dialect.renderFailure(c, failureOf(error, c)))
  return app
}

const methodOrder = ['get', 'head', 'post', 'put', 'patch', 'delete']

/** In one order, whatever that of the operations; a GET comes with its HEAD. */
function methodsByPath(operations: readonly Operation[]): Map<string, string[]> {
  const byPath = Map.groupBy(operations, ({ path }) => path)
  return new Map(
    [...byPath].map(([path, at]) => {
      const methods = at.flatMap(({ method }) => (method === 'get' ? ['get', 'head'] : [method]))
      const inOrder = [...new Set(methods)].toSorted(
        (one, other) => methodOrder.indexOf(one) - methodOrder.indexOf(other),
      )
      return [path, inOrder.map((method) => method.toUpperCase())]
    }),
  )
}
