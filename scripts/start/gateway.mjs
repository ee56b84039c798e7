// Runs the Worker of wrangler.toml in Miniflare, in this process: its bundle, its bindings over kept state, and
// Miniflare's S3 endpoint over the same bucket.
import { existsSync, readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parseEnv } from 'node:util'
import { build, stop } from 'esbuild'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions as optionsOf, unstable_readConfig as readConfig } from 'wrangler'
import { buildAssets } from '../build-assets.mjs'
import { openKept } from './local-state.mjs'
import { applyMigrations, hasMigrations, migrationsIn, OtherSchema } from './migrations.mjs'
import { watchStore } from './store-events.mjs'
import { routesFor, withLocalOrigins } from './web-pages.mjs'

const eventsBinding = 'LOCAL_STORE_EVENTS'
/** Editors write a file in several steps. */
const reloadAfterMs = 100

/**
 * Starts the gateway in `root` on `port`, over the state in `kept`, and applies the migrations it lacks. `waitFor` is told
 * what the start waits for; `write` gets the Worker's log lines. Answers `{ watchSources, stop }`. Throws when the
 * configuration, the code or a migration is wrong, when the database in `kept` was made by other migrations, or workerd
 * does not start.
 */
export async function startGateway({ root, port, url, kept, waitFor, write }) {
  const configuration = { root, port, url, kept, write }
  waitFor('the bundle of the Worker')
  const { options, bucket, database, consumesEvents } = await readOptions(configuration)
  waitFor('workerd')
  const miniflare = new Miniflare(options)
  await miniflare.ready

  const migrations = migrationsIn(join(root, 'migrations'))
  if (database !== undefined && !isMigrated(kept, database.id, migrations)) {
    waitFor('the migrations')
    await applyMigrations(await miniflare.getD1Database('DB'), migrations).catch((error) => {
      throw error instanceof OtherSchema ? new Error(sayOtherSchema(error.message, kept)) : error
    })
  }
  if (bucket !== undefined && consumesEvents)
    watchStore({
      kept,
      bucketId: bucket.id,
      bucketName: localStore(url).S3_BUCKET,
      send: async (messages) => {
        const queue = await miniflare.getQueueProducer(eventsBinding)
        await queue.sendBatch(messages.map((body) => ({ body, contentType: 'json' })))
      },
    })
  return {
    /** Reloads the code and the configuration when one of them changes. */
    watchSources: () =>
      watchSources(root, async () => {
        const changed = await readOptions(configuration)
        await miniflare.setOptions(changed.options)
      }),
    stop: () => miniflare.dispose(),
  }
}

function isMigrated(kept, id, migrations) {
  const database = openKept(kept, 'd1', id)
  try {
    return database !== null && hasMigrations(database, migrations)
  } finally {
    database?.close()
  }
}

/** What to do with a database to which `migration` was applied: as it is not now, or one that is no more. */
function sayOtherSchema(migration, kept) {
  return `the database in ${kept} was made with another schema than migrations/ has now (by ${migration}). Before the first release it is not converted: delete ${dirname(kept)}, with the files and keys in it, and start again`
}

/**
 * Signatures cover host and port, so the endpoint must be the one that clients call. Its host differs from the gateway's:
 * gateway and store are then two origins, as in a deployment, and a client that follows a redirect to the store drops its
 * credential.
 */
function localStore(url) {
  const endpoint = new URL('/cdn-cgi/local/r2/s3', url)
  endpoint.hostname = 'localhost'
  return { S3_ENDPOINT: endpoint.href, S3_BUCKET: 'slipway', S3_REGION: 'auto' }
}

/** Miniflare's options, from wrangler.toml, .dev.vars and the bundle of the code. */
async function readOptions({ root, port, url, kept, write }) {
  const file = join(root, 'wrangler.toml')
  const store = localStore(url)
  await buildAssets({ root, storeEndpoint: store.S3_ENDPOINT })
  const { workerOptions, define, main } = optionsOf(file)
  const alias = pathsIn(root, readConfig({ config: file }, { hideWarnings: true }).alias)
  const { modulesRules: _, bindings: declared, ...options } = workerOptions
  // wrangler leaves out variables that wrangler.toml does not name, such as optional secrets.
  const bindings = { ...readVariables(join(root, '.dev.vars')), ...declared }
  const origins = withLocalOrigins(bindings.CORS_ALLOWED_ORIGINS)
  const queue = Object.keys(options.queueConsumers ?? {})[0]
  const log = new Log(LogLevel.WARN)
  // Print later: Ctrl-C ends workerd too, and Miniflare would report that as a crash.
  log.log = (message) => void setTimeout(() => write(`${message}\n`, true), 300).unref()
  return {
    options: convertV4MiniflareOptions({
      ...options,
      name: 'slipway',
      host: '127.0.0.1',
      port,
      routes: routesFor(origins),
      modules: [
        { type: 'ESModule', path: join(root, 'index.js'), contents: await bundle({ main, define, alias }) },
      ],
      bindings: {
        ...bindings,
        ...store,
        GATEWAY_URL: url,
        CORS_ALLOWED_ORIGINS: origins.join(','),
      },
      ...(queue === undefined
        ? {}
        : { queueProducers: { ...options.queueProducers, [eventsBinding]: queue } }),
      cf: false,
      // The cron trigger at /cdn-cgi/local/scheduled.
      unsafeTriggerHandlers: true,
      resourcePersistencePath: kept,
      ...(process.env.INSPECTOR_PORT ? { inspectorPort: Number(process.env.INSPECTOR_PORT) } : {}),
      log,
      handleStructuredLogs: ({ level, message }) =>
        write(`${message}\n`, level === 'error' || level === 'warn'),
    }),
    bucket: options.r2Buckets?.BUCKET,
    database: options.d1Databases?.DB,
    consumesEvents: queue !== undefined,
  }
}

function readVariables(file) {
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
}

/** What `[alias]` of wrangler.toml puts in the place of packages, by files of the project. */
function pathsIn(root, alias = {}) {
  return Object.fromEntries(Object.entries(alias).map(([name, path]) => [name, join(root, path)]))
}

/** Bundles the Worker as wrangler does, but for readable stack traces not minified. Rejects with esbuild's errors. */
async function bundle({ main, define, alias }) {
  const { outputFiles } = await build({
    entryPoints: [main],
    bundle: true,
    format: 'esm',
    write: false,
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    sourcemap: 'inline',
    define,
    alias,
    logLevel: 'silent',
  })
  // Ends esbuild's process, which is needed only while it builds.
  await stop()
  return outputFiles[0].text
}

function watchSources(root, reload) {
  let timer
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(async () => {
      try {
        await reload()
        console.log('npm start: the gateway runs with what was changed')
      } catch (error) {
        console.error(`npm start: the gateway runs as it did before the change: ${error.message}`)
      }
    }, reloadAfterMs)
  }
  for (const folder of ['src', 'client', 'assets'])
    if (existsSync(join(root, folder))) watch(join(root, folder), { recursive: true }, soon).unref()
  watch(root, (_, name) => (name === 'wrangler.toml' || name === '.dev.vars') && soon()).unref()
}
