import { env } from 'cloudflare:workers'
import { scopes } from '../../src/core/organizations/principal'
import worker from '../../src/index'
import { apiKeyToken } from './api-keys'
import { cuadra } from './cuadra'
import { directUpload } from './direct-upload'
import { quantcdn } from './quantcdn'
import { type CallInit, requestOf, startWorker, type TestWorker } from './worker'

/** A Worker with these bindings. Waits for background work, however long it takes by the clock of the test. */
export function isolateOf(overrides: Parameters<typeof startWorker>[0]) {
  const bindings = { ...env, ...overrides } as Env
  const during = async <T>(work: (context: ExecutionContext) => Promise<T>): Promise<T> => {
    const background: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void background.push(promise),
      passThroughOnException() {},
      props: {},
    } as unknown as ExecutionContext
    const result = await work(context)
    for (let done = 0; done < background.length; done++) await background[done]
    return result
  }
  const send = (request: Request) =>
    during(async (context) =>
      worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, bindings, context),
    )
  return {
    ...startWorker(overrides),
    send,
    call: (method: string, path: string, init: CallInit = {}) => send(requestOf(method, path, init)),
    runCron: () => during((context) => worker.scheduled({} as ScheduledController, bindings, context)),
    /** Delivers these events of the store; 200 when all are done with, 503 when one has to come again. */
    async deliverEvents(events: readonly unknown[]): Promise<Response> {
      let acknowledged = 0
      const messages = events.map((body, index) => ({
        id: String(index),
        timestamp: new Date(),
        attempts: 1,
        body,
        ack: () => void acknowledged++,
        retry() {},
      }))
      const batch = { queue: 'slipway-storage-events', messages } as unknown as MessageBatch
      await during((context) => worker.queue(batch, bindings, context))
      return new Response(null, { status: acknowledged === events.length ? 200 : 503 })
    },
  }
}

export type Isolate = ReturnType<typeof isolateOf>

/** A caller of every dialect in one organization, with `token` and, where it is asked for, an idempotency key. */
export function clientOf(isolate: Isolate, organization: string, token: string) {
  const caller: TestWorker = isolate
  return {
    isolate,
    organization,
    token,
    call: (method: string, path: string, init: CallInit = {}) =>
      isolate.call(method, path, { token, ...init }),
    quantcdn: quantcdn(caller, token, `/api/v3/organizations/${organization}/ai/files`),
    directUpload: directUpload(caller, token),
    cuadra: cuadra(caller, token),
  }
}

export type Client = ReturnType<typeof clientOf>

/** Makes organizations with a key of their own each, all at once. Returns the token of each. */
export async function foundOrganizations(names: readonly string[]): Promise<(name: string) => string> {
  const keys = await Promise.all(names.map(async (name) => ({ name, ...(await apiKeyToken(name)) })))
  await env.DB.batch([
    env.DB.prepare(
      'INSERT INTO organizations (id, name, created_at) SELECT value, value, ?2 FROM json_each(?1)',
    ).bind(JSON.stringify(names), Date.now()),
    env.DB.prepare(
      `INSERT INTO api_keys (id, organization_id, secret_sha256, scopes, created_at)
       SELECT value ->> 'id', value ->> 'name', value ->> 'secretSha256', ?2, ?3 FROM json_each(?1)`,
    ).bind(JSON.stringify(keys), JSON.stringify(scopes), Date.now()),
  ])
  const tokens = new Map(keys.map(({ name, token }) => [name, token]))
  return (name) => tokens.get(name) ?? ''
}

/** Sends bytes to a presigned URL, as a client would. */
export async function put(
  url: string,
  headers: Record<string, string>,
  bytes: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const answer = await fetch(url, { method: 'PUT', headers, body: bytes })
  if (!answer.ok) throw new Error(`the store answered ${answer.status} to a PUT`)
  return answer
}
