// The one way in which benches run a Worker: bundled, in a workerd of its own, by Miniflare in this process.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { applyMigrations, migrationsIn } from '../../scripts/start/migrations.mjs'
import { workerdPid } from './process.mjs'
import { send } from './send.mjs'

const rootKey = 'root-key-for-the-bench-0123456789abcdef'
const s3Credentials = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' }

/**
 * Runs `entryPoint` over an empty D1 and R2, bound as DB and BUCKET. `onLog` gets what it logs. Answers its `url`, the
 * `pid` of its workerd, `database`, `bucket` and `stop`, which deletes what it stored.
 */
export async function startWorker(entryPoint, { port = 0, bindings = {}, onLog = () => {} } = {}) {
  const { outputFiles } = buildSync({
    entryPoints: [entryPoint],
    bundle: true,
    format: 'esm',
    write: false,
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'bench',
      host: '127.0.0.1',
      port,
      modules: true,
      script: outputFiles[0].text,
      compatibilityDate: '2026-10-23',
      cf: false,
      unsafeTriggerHandlers: true,
      handleStructuredLogs: ({ message }) => onLog(message),
      bindings,
      d1Databases: ['DB'],
      r2Buckets: { BUCKET: { id: 'slipway', s3Credentials } },
      resourcePersistencePath: folder,
    }),
  )
  const stop = async () => {
    await miniflare.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const url = await miniflare.ready
    const pid = workerdPid()
    const [database, bucket] = [await miniflare.getD1Database('DB'), await miniflare.getR2Bucket('BUCKET')]
    return { url, pid, database, bucket, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Runs the gateway, or what `entryPoint` makes of it, with a migrated database and Miniflare's S3 endpoint over its
 * bucket. Besides what `startWorker` answers, `keyFor(organization)` makes an organization and a key that may all.
 */
export async function startGateway({ entryPoint = 'src/index.ts', variables = {}, onLog } = {}) {
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
    ...variables,
  }
  const worker = await startWorker(entryPoint, { port, bindings, onLog })
  await applyMigrations(worker.database, migrationsIn('migrations'))
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

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
