// The one way in which benches run a Worker: bundled, in a workerd of its own, by Miniflare in this process.
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { applyMigrations, migrationsIn } from '../../scripts/start/migrations.mjs'
import { bundle, root } from './bundle.mjs'
import { killAtEnd, temporaryFolder } from './cleanup.mjs'
import { freePort } from './free-port.mjs'
import { workerdPid } from './process.mjs'
import { send } from './send.mjs'

const rootKey = 'root-key-for-the-bench-0123456789abcdef'
const s3Credentials = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' }

/**
 * Runs `entryPoint` over an empty D1 and R2, bound as DB and BUCKET. `onLog` gets what it logs; an `inspectorPort` opens
 * workerd's inspector. Answers its `url`, the `pid` of its workerd, `database`, `bucket` and `stop`, which deletes what it
 * stored.
 *
 * The binding RATE_LIMITER is there only with `rateLimiter`: Miniflare makes it of a Durable Object, which costs CPU and a
 * hop that the platform's does not.
 */
export async function startWorker(
  entryPoint,
  { port = 0, bindings = {}, onLog = () => {}, rateLimiter = false, inspectorPort } = {},
) {
  const folder = temporaryFolder()
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'bench',
      host: '127.0.0.1',
      port,
      modules: true,
      script: bundle(entryPoint),
      compatibilityDate: '2026-10-23',
      cf: false,
      unsafeTriggerHandlers: true,
      handleStructuredLogs: ({ message }) => onLog(message),
      bindings,
      d1Databases: ['DB'],
      r2Buckets: { BUCKET: { id: 'slipway', s3Credentials } },
      resourcePersistencePath: folder.path,
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
      ...(rateLimiter
        ? { ratelimits: { RATE_LIMITER: { namespace_id: '1001', simple: { limit: 1e9, period: 60 } } } }
        : {}),
    }),
  )
  let kill = () => {}
  const stop = async () => {
    await miniflare.dispose()
    kill()
    folder.remove()
  }
  try {
    const url = await miniflare.ready
    const pid = workerdPid()
    kill = killAtEnd(pid)
    const [database, bucket] = [await miniflare.getD1Database('DB'), await miniflare.getR2Bucket('BUCKET')]
    return { url, pid, database, bucket, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Runs the gateway, or what `entryPoint` makes of it, with a migrated database and Miniflare's S3 endpoint over its
 * bucket; `options` as in `startWorker`. Besides what that answers, `keyFor(organization)` makes an organization and a key
 * that may all. Without `migrates` the database stays empty.
 */
export async function startGateway({
  entryPoint = 'src/index.ts',
  variables = {},
  migrates = true,
  ...options
} = {}) {
  const port = await freePort()
  const bindings = {
    ROOT_API_KEY: rootKey,
    SIGNING_SECRET: 'signing-secret-for-the-bench-012345678',
    S3_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    S3_ENDPOINT: `http://127.0.0.1:${port}/cdn-cgi/local/r2/s3`,
    S3_REGION: 'auto',
    S3_BUCKET: 'slipway',
    S3_SEAL_COPY_SOURCE: 'true',
    PENDING_UPLOADS_MAX: '10000000',
    FILES_MAX: '10000000',
    ...variables,
  }
  const worker = await startWorker(entryPoint, { ...options, port, bindings })
  if (migrates) await applyMigrations(worker.database, migrationsIn(join(root, 'migrations')))
  const asRoot = async (method, path, json) => {
    const headers = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' }
    const { status, text } = await send(new URL(path, worker.url), {
      method,
      headers,
      body: JSON.stringify(json),
    })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return JSON.parse(text)
  }
  const keyFor = async (organization) => {
    await asRoot('PUT', `/v1/organizations/${organization}`, { name: organization })
    const scopes = ['files:read', 'files:write', 'org:admin']
    return (await asRoot('POST', '/v1/api-keys', { organization, scopes })).api_key
  }
  return { ...worker, keyFor }
}
