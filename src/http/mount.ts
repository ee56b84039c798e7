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
  /** Reads the JSON of operations with a body; `readJson` unless the dialect has its own words for what is no JSON. */
  parseBody?: BodyParser
}

/**
 * The routes of a dialect: 401 comes before 404, and 404 before 405 (RFC 9110, section 15.5.6), whose `Allow` is made
 * of the same list.
 */
export function mount(dialect: Dialect): HonoBase<HttpEnv> {
  const { operations, prefixes = [''], authenticate, parseBody = readJson } = dialect
  const app = new HonoBase<HttpEnv>({ router: new TrieRouter() })
  if (authenticate)
    // `/*` also matches the path before it.
    for (const prefix of dialect.guards)
      app.use(`${prefix}/*`, (c, next) =>
        answerConfirmed(c, async () => {
          await authenticate(c)
          await next()
        }),
      )
  for (const prefix of prefixes) {
    for (const { method, path, run } of operations) app[method](prefix + path, (c) => run(c, parseBody))
    for (const [path, allow] of methodsByPath(operations))
      app.all(prefix + path, (c) => dialect.renderMethodNotAllowed(c, allow.join(', ')))
  }
  for (const prefix of dialect.owns) app.all(`${prefix}/*`, (c) => dialect.renderNoRoute(c))
  app.onError((error, c) => dialect.renderFailure(c, failureOf(error, c)))
  return app
}

const methodOrder = ['get', 'head', 'post', 'put', 'delete']

/** In one order, whatever that of the operations; a GET comes with its HEAD. */
function methodsByPath(operations: readonly Operation[]): Map<string, string[]> {
  const byPath = Map.groupBy(operations, ({ path }) => path)
  return new Map(
    [...byPath].map(([path, at]) => {
      const methods = at.flatMap(({ method }) => (method === 'get' ? ['get', 'head'] : [method]))
      const inOrder = methods.toSorted((one, other) => methodOrder.indexOf(one) - methodOrder.indexOf(other))
      return [path, inOrder.map((method) => method.toUpperCase())]
    }),
  )
}
