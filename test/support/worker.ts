import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../../src/index'
import { expectDocumented } from './documented'

export const rootKey = 'root-key-for-tests-0123456789abcdef'
const origin = 'https://gateway.example.com'
const allScopes = ['files:read', 'files:write', 'org:admin']

/** `BUCKET: undefined` takes the R2 binding away. Optional secrets are in no `wrangler.toml`, so not in `Env`. */
export type Bindings = Partial<Omit<Env, 'BUCKET'>> & {
  BUCKET?: R2Bucket | undefined
  SIGNING_SECRET_PREVIOUS?: string
}

/** A Worker of its own: a fresh isolate's memory over this test's storage. Background work is awaited. */
export function startWorker(overrides: Bindings = {}) {
  const bindings = { ...env, ...overrides } as Env
  const send = async (request: Request): Promise<Response> => {
    const context = createExecutionContext()
    const response = await worker.fetch(
      request as Request<unknown, IncomingRequestCfProperties>,
      bindings,
      context,
    )
    await waitOnExecutionContext(context)
    await expectDocumented(request, response)
    return response
  }
  const call = (method: string, path: string, init: CallInit = {}) => send(requestOf(method, path, init))
  return {
    send,
    call,
    async runCron() {
      const context = createExecutionContext()
      await worker.scheduled(
        { cron: '*/5 * * * *', scheduledTime: Date.now(), noRetry() {} } as ScheduledController,
        bindings,
        context,
      )
      await waitOnExecutionContext(context)
    },
    /** Delivers messages as the queue does; what became of each, by its id. */
    async deliver(messages: readonly { id: string; body: unknown; attempts?: number }[]) {
      const context = createExecutionContext()
      const batch = createMessageBatch(
        'slipway-storage-events',
        messages.map((message) => ({ timestamp: new Date(), attempts: 1, ...message })),
      )
      // The result does not tell the delays.
      const delays = new Map<string, number | undefined>()
      for (const message of batch.messages) {
        const retry = message.retry.bind(message)
        message.retry = (options) => {
          delays.set(message.id, options?.delaySeconds)
          retry(options)
        }
      }
      await worker.queue(batch, bindings, context)
      const { explicitAcks, retryMessages } = await getQueueResult(batch, context)
      return {
        acked: explicitAcks,
        retried: retryMessages.map(({ msgId: id }) => ({ id, delaySeconds: delays.get(id) })),
      }
    },
    /** Makes an organization and a key for it, which may do everything unless told otherwise, through the API. */
    async organization(id = 'acme', scopes: string[] = allScopes, quotaBytes?: number): Promise<string> {
      await call('PUT', `/v1/organizations/${id}`, { token: rootKey, json: { name: id, quotaBytes } })
      const answer = await call('POST', '/v1/api-keys', {
        token: rootKey,
        json: { organization: id, scopes },
      })
      return (await answer.json<{ api_key: string }>()).api_key
    },
  }
}

/** A request to the Worker. */
export function requestOf(method: string, path: string, init: CallInit = {}): Request {
  const { token, json, headers, body } = init
  return new Request(origin + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
  })
}

export type CallInit = {
  token?: string
  json?: unknown
  headers?: Record<string, string>
  body?: BodyInit
}

export type TestWorker = ReturnType<typeof startWorker>

/** The body of an answer, for tests that look at single fields. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the test asserts
export async function bodyOf(response: Response): Promise<any> {
  return response.json()
}

/** The keys of all objects in the bucket. */
export async function objectKeys(): Promise<string[]> {
  return (await env.BUCKET.list()).objects.map((object) => object.key)
}

/** All rows of a statement. */
export async function rows<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<T>()
  ).results
}
