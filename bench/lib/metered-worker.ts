// The gateway; after each request and each sweep it logs what that asked of D1, of the bucket and of the S3 endpoint. The
// clock of its sweeps can be advanced: a PUT to /advance has the hours.
import { AsyncLocalStorage } from 'node:async_hooks'
import gateway from '../../src/index'
import { type Hook, interceptBucket, interceptDatabase, metasOf } from '../../test/support/intercept'

const nothing = { trips: 0, statements: 0, rowsRead: 0, rowsWritten: 0 }
type Asked = typeof nothing & { store: string[] }

/** What the request or sweep that runs has asked for. */
const current = new AsyncLocalStorage<Asked>()
let advancedMs = 0

const count: Hook = async ({ binding, name, statements, make }) => {
  const asked = current.getStore()
  if (asked === undefined) return make()
  if (binding === 'r2') {
    asked.store.push(name)
    return make()
  }
  asked.trips++
  asked.statements += statements.length
  const result = await make()
  for (const { rows_read = 0, rows_written = 0 } of metasOf(result)) {
    asked.rowsRead += rows_read
    asked.rowsWritten += rows_written
  }
  return result
}

// The gateway keeps what it makes of its bindings by their identity.
const metered = new WeakMap<Env, Env>()
function meter(env: Env): Env {
  const known = metered.get(env) ?? {
    ...env,
    DB: interceptDatabase(env.DB, count),
    BUCKET: interceptBucket(env.BUCKET, count),
  }
  metered.set(env, known)
  return known
}

const realFetch = globalThis.fetch
globalThis.fetch = (input, init) => {
  const request = new Request(input, init)
  const [query = ''] = new URL(request.url).search.slice(1).split('&')
  current.getStore()?.store.push(`${request.method}${query === '' ? '' : `?${query.split('=')[0]}`}`)
  return realFetch(request)
}

const realNow = Date.now
Date.now = () => realNow() + advancedMs

async function measured<T>(
  kind: 'request' | 'sweep',
  context: ExecutionContext,
  act: (context: ExecutionContext) => Promise<T>,
): Promise<T> {
  const asked: Asked = { ...nothing, store: [] }
  const background: Promise<unknown>[] = []
  const waiting = Object.assign(Object.create(context), {
    waitUntil: (work: Promise<unknown>) => void background.push(work),
  })
  const result = await current.run(asked, () => act(waiting))
  const log = async () => {
    // Work can give more work.
    for (const work of background) await work.catch(() => {})
    console.log(JSON.stringify({ event: 'metered', kind, ...asked }))
  }
  context.waitUntil(log())
  return result
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url)
    if (pathname === '/advance') {
      advancedMs = Number(await request.text()) * 3_600_000
      return new Response()
    }
    return measured('request', context, async (waiting) => gateway.fetch(request, meter(env), waiting))
  },
  async scheduled(controller, env, context) {
    await measured('sweep', context, async (waiting) => gateway.scheduled(controller, meter(env), waiting))
  },
} satisfies ExportedHandler<Env>
