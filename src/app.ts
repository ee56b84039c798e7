import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { HonoBase } from 'hono/hono-base'
import { matchedRoutes } from 'hono/route'
import { TrieRouter } from 'hono/router/trie-router'
import type { Composition } from './compose'
import { readGrant } from './core/grants/look-at-grants'
import type { Principal } from './core/organizations/principal'
import { createDialects } from './dialects'
import { publicFilesPath } from './dialects/ctxfy/public-files-path'
import type { HttpEnv } from './http/context'
import { exposedHeaders } from './http/exposed-headers'
import { meantRequest } from './http/method-override'
import { type Dialect, mount } from './http/mount'
import { isAllowedOrigin } from './http/origins'
import { createPublicCopies } from './http/public-copies'
import { pathTokenOf, routedPath } from './http/routed-path'
import { dropUnreadBody } from './http/unread-body'

/** How long a browser may remember a preflight's answer. */
const preflightMaxAgeSeconds = 7200

const apps = new WeakMap<Composition, HonoBase<HttpEnv>>()

/** Answers a request with the app of its isolate. */
export function answer(
  composition: Composition,
  request: Request,
  env: Env,
  context: ExecutionContext,
): Response | Promise<Response> {
  const app = apps.get(composition) ?? createApp(composition)
  apps.set(composition, app)
  return app.fetch(meantRequest(request), env, context)
}

/** The HTTP face of the gateway: request ids, logs and CORS around the dialects. */
function createApp(composition: Composition): HonoBase<HttpEnv> {
  const { config, credentials, rateLimiter, gatewayFor, guardGateway } = composition
  // `Hono` would bring two more routers, and end with this one too: the first cannot take `:fileKey{.*}`.
  const app = new HonoBase<HttpEnv>({ getPath: routedPath, router: new TrieRouter() })

  app.use(dropUnreadBody)

  app.use(async (c, next) => {
    const startedAt = Date.now()
    const requestId = crypto.randomUUID()
    const gatewayUrl = config.gatewayUrl ?? originOf(c.req.url)
    c.set('requestId', requestId)
    c.set('gatewayUrl', gatewayUrl)
    const publicCopies = createPublicCopies(`${gatewayUrl}${publicFilesPath}`)
    c.set(
      'gateway',
      gatewayFor((work) => c.executionCtx.waitUntil(work), { requestId }, publicCopies),
    )
    c.set('guardGateway', (key) => guardGateway(c.get('gateway'), key))
    c.set('credentials', credentials)
    c.set('allowsRequest', async (key) => (await rateLimiter?.limit({ key }))?.success ?? true)
    const pathToken = pathTokenOf(c.req.raw)
    if (pathToken !== undefined) {
      c.set('pathToken', pathToken)
      if (c.req.header('origin') !== undefined)
        c.set('pathGrant', await readGrant(c.get('gateway'), pathToken))
    }
    await next()
    // Not by c.header, with which hono makes a new answer for every header.
    const { headers } = c.res
    headers.set('X-Request-Id', requestId)
    // The address is a credential.
    if (pathToken !== undefined) headers.set('Referrer-Policy', 'no-referrer')
    // Answers hold API keys and presigned URLs; one that may be kept says so itself.
    if (!headers.has('cache-control')) headers.set('Cache-Control', 'no-store')
    if (c.res.status >= 500 || Math.random() < config.logRequestsShare) logRequest(c, startedAt)
  })

  /**
   * Who may read answers. Under a token in the path the grant says so itself; where it is none of this gateway's, the answer
   * is a refusal, which every page may read.
   */
  const originsFor = (c: Context<HttpEnv>): readonly string[] =>
    c.get('pathToken') === undefined ? config.cors.origins : (c.get('pathGrant')?.origins ?? ['*'])

  const storeOrigin = new URL(config.s3.endpoint).origin
  const dialects: readonly Dialect[] = Object.values(createDialects({ ...config, storeOrigin }))
  for (const { path, headers } of dialects) if (headers) app.use(`${path}/*`, withHeaders(headers))
  app.use(
    onlyForOrigins(
      cors({
        origin: (origin, c: Context<HttpEnv>) => (isAllowedOrigin(originsFor(c), origin) ? origin : null),
        allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        // With no list hono answers with the headers the preflight asks for.
        allowHeaders: [],
        exposeHeaders: [...exposedHeaders],
        maxAge: preflightMaxAgeSeconds,
      }),
    ),
  )

  for (const dialect of dialects) app.route(dialect.path, mount(dialect))
  app.notFound((c) => c.json({ error: 'Not Found', message: 'There is nothing here', code: 404 }, 404))
  return app
}

function withHeaders(headersOf: NonNullable<Dialect['headers']>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    await next()
    const { headers } = c.res
    for (const [name, value] of Object.entries(headersOf(c))) headers.set(name, value)
  }
}

/**
 * `cors` for web pages alone: with it hono makes a second answer out of every answer. It takes every OPTIONS for a preflight,
 * so one that is none is kept from it.
 */
function onlyForOrigins(cors: MiddlewareHandler<HttpEnv>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const asks =
      c.req.method === 'OPTIONS'
        ? c.req.header('access-control-request-method') !== undefined
        : c.req.header('origin') !== undefined
    if (asks) return cors(c, next)
    await next()
    // As `cors` does: a cache must not give this answer to a web page, which would miss the headers.
    c.res.headers.append('Vary', 'Origin')
  }
}

/** The origin of a request's URL, which the runtime has written in full: to parse it again takes longer. */
function originOf(url: string): string {
  return url.slice(0, url.indexOf('/', 'https://'.length))
}

function logRequest(c: Context<HttpEnv>, startedAt: number): void {
  c.get('gateway').log({
    event: 'request',
    method: c.req.method,
    // The route, not the path: a path can hold a signed id.
    route: matchedRoutes(c).find(({ method }) => method !== 'ALL')?.path ?? null,
    status: c.res.status,
    durationMs: Date.now() - startedAt,
    ...callerOf(c.get('principal')),
  })
}

/** The caller, for the log; nothing before authentication. */
function callerOf(principal: Principal | undefined): Record<string, unknown> {
  switch (principal?.kind) {
    case 'api_key':
      return { organizationId: principal.organizationId, keyId: principal.keyId }
    case 'grant':
      return { organizationId: principal.organizationId, grantId: principal.grant.id }
    case 'jwt': {
      const { organizationId, subject, isMachine } = principal
      return { organizationId, subject, isMachine }
    }
    default:
      return {}
  }
}
