// `npm start`: the gateway on this machine, with embedded D1 and R2 and an S3 endpoint over the same bucket.
// No account and no network. PORT chooses the port; data and keys are kept in .wrangler/ and .dev.vars.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const variablesFile = join(root, '.dev.vars')
const stateFolder = join(root, '.wrangler', 'state')
const keyFile = join(stateFolder, 'slipway-demo-key')
const organization = 'demo'

// Node 24 comes with `npm ci` on Linux, for machines whose own Node is too old for wrangler.
const bundledNode = join(root, 'node_modules', '.bin', 'node')
const node = existsSync(bundledNode) ? bundledNode : process.execPath
const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
const quiet = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
}

main().catch((error) => {
  console.error(`\nnpm start: ${error.message}`)
  process.exit(1)
})

async function main() {
  const port = readPort()
  await refuseTakenPort(port)
  const rootKey = prepareVariables()
  applyMigrations()
  const url = `http://127.0.0.1:${port}`
  const worker = startWorker(port, url)
  await untilHealthy(url, worker)
  const key = await demoKey(url, rootKey)
  sweepRegularly(url)
  console.log(banner(url, key))
  worker.speak()
}

function readPort() {
  const text = process.env.PORT ?? '8787'
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new Error(`PORT is "${text}", which is not a port`)
  return port
}

function refuseTakenPort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', ({ code, message }) =>
      reject(
        new Error(code === 'EADDRINUSE' ? `port ${port} is taken; choose another with PORT=…` : message),
      ),
    )
    server.listen(port, '127.0.0.1', () => server.close(resolve))
  })
}

/** Makes .dev.vars with random secrets at the first start; returns the root key. */
function prepareVariables() {
  if (!existsSync(variablesFile)) {
    const secret = () => randomBytes(32).toString('hex')
    const lines = [
      '# Local secrets, made by `npm start`. Delete this file and .wrangler/ to begin anew.',
      `ROOT_API_KEY=${secret()}`,
      `SIGNING_SECRET=${secret()}`,
      '# Those of the local S3 endpoint in wrangler.toml.',
      'S3_ACCESS_KEY_ID=slipway-local',
      'S3_SECRET_ACCESS_KEY=slipway-local-secret',
    ]
    writeFileSync(variablesFile, `${lines.join('\n')}\n`, { mode: 0o600 })
  }
  const rootKey = /^ROOT_API_KEY=(\S+)$/m.exec(readFileSync(variablesFile, 'utf8'))?.[1]
  if (!rootKey) throw new Error('.dev.vars has no ROOT_API_KEY; delete the file to have a new one made')
  return rootKey
}

function applyMigrations() {
  const { status, stdout, stderr } = spawnSync(
    node,
    [wrangler, 'd1', 'migrations', 'apply', 'DB', '--local'],
    { cwd: root, env: quiet, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the migrations could not be applied\n${stdout}${stderr}`)
}

function startWorker(port, url) {
  const worker = spawn(
    node,
    [
      wrangler,
      'dev',
      '--port',
      String(port),
      '--ip',
      '127.0.0.1',
      '--show-interactive-dev-session=false',
      '--log-level=log',
      // Signatures cover host and port, so the endpoint has to be the one that clients will call.
      '--var',
      `S3_ENDPOINT:${url}/cdn-cgi/local/r2/s3`,
      '--var',
      'S3_BUCKET:slipway',
      '--var',
      'S3_REGION:auto',
      '--var',
      `GATEWAY_URL:${url}`,
    ],
    { cwd: root, env: quiet, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  // What wrangler says while it starts is only of interest if it does not.
  let said = []
  const keep = (chunk) => said.push(chunk)
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', keep)
  worker.speak = () => {
    said = []
    for (const stream of [worker.stdout, worker.stderr]) stream.off('data', keep)
    worker.stdout.pipe(process.stdout)
    worker.stderr.pipe(process.stderr)
  }
  // Ctrl-C reaches wrangler by itself. This is for a plain kill of this process, or of the npm above it,
  // whose shell dies without a word to us: then we are somebody else's child.
  const stop = () => worker.kill('SIGTERM')
  process.stdout.on('error', stop)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  const parent = process.ppid
  setInterval(() => process.ppid === parent || stop(), 500).unref()
  worker.on('close', (code) => {
    if (said.length > 0) {
      process.stderr.write(Buffer.concat(said))
      console.error('\nnpm start: the gateway did not start; what it said is above')
      process.exit(1)
    }
    process.exit(code ?? 0)
  })
  return worker
}

async function untilHealthy(url, worker) {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline && worker.exitCode === null) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    if (answer?.ok) return
    // 500 is the answer of a Worker that cannot start with its configuration.
    if (answer?.status === 500) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  // Its log line may come after its answer. Its end is ours.
  await new Promise((resolve) => setTimeout(resolve, 500))
  worker.kill('SIGTERM')
  await new Promise(() => {})
}

/** Locally nothing fires the cron trigger of wrangler.toml, so this does. */
function sweepRegularly(url) {
  const cron = `${url}/cdn-cgi/local/scheduled?cron=${encodeURIComponent('*/5 * * * *')}`
  setInterval(() => fetch(cron).catch(() => {}), 5 * 60_000).unref()
}

/** The key of the first start, or a new one if it no longer works. */
async function demoKey(url, rootKey) {
  const files = `${url}/api/v3/organizations/${organization}/ai/files`
  const kept = existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : null
  if (kept !== null) {
    const answer = await fetch(`${files}?limit=1`, { headers: { authorization: `Bearer ${kept}` } })
    if (answer.ok) return kept
  }
  await call(`${url}/v1/organizations/${organization}`, 'PUT', rootKey, { name: 'Demo' })
  const made = await call(`${url}/v1/api-keys`, 'POST', rootKey, {
    organization,
    name: 'npm start',
    scopes: ['files:read', 'files:write', 'org:admin'],
  })
  mkdirSync(stateFolder, { recursive: true })
  writeFileSync(keyFile, `${made.api_key}\n`, { mode: 0o600 })
  return made.api_key
}

async function call(url, method, token, body) {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

function banner(url, key) {
  const body = JSON.stringify({
    content: Buffer.from('Hello, Slipway!\n').toString('base64'),
    contentType: 'text/plain',
    filename: 'hello.txt',
  })
  return `
Slipway is running.

  URL           ${url}
  Organization  ${organization}
  API key       ${key}

Upload a file:

  curl -X POST ${url}/api/v3/organizations/${organization}/ai/files \\
    -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' \\
    -d '${body}'

Ctrl-C stops it.
`
}
