// `npm start`: the gateway on this machine, with embedded D1 and R2 and an S3 endpoint over the same bucket.
// No account and no network. PORT chooses the port (8787), START_TIMEOUT_SECONDS how long a start may take (120); INSPECTOR_PORT
// opens workerd's inspector. Data and keys are kept in .wrangler/ and .dev.vars.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { localOrigins } from './start/web-pages.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const variablesFile = join(root, '.dev.vars')
const stateFolder = join(root, '.wrangler', 'state')
const keyFile = join(stateFolder, 'slipway-demo-key')
const organization = 'demo'

const patienceMs = Number(process.env.START_TIMEOUT_SECONDS || 120) * 1000
const reportEveryMs = Number(process.env.START_REPORT_MS || 3_000)
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

let waitingFor = 'Node'
/** Log lines of the Worker during the start, printed if the start fails; null once it runs: lines are printed at once. */
let held = []

for (const [signal, number] of Object.entries(signals)) process.on(signal, () => process.exit(128 + number))
endWithParent()
Promise.race([main(), patience()]).catch((error) => {
  for (const text of held ?? []) process.stderr.write(text)
  console.error(`\nnpm start: ${error.message}`)
  // Ends workerd too.
  process.exit(1)
})

async function main() {
  refuseOldNode()
  const port = readPort()
  const url = `http://127.0.0.1:${port}`
  for (const address of ['127.0.0.1', '::1']) await refuseTakenPort(port, address)
  const report = reportWaiting()
  const rootKey = prepareVariables()
  // Set before wrangler is loaded, so that it calls no network and prints only errors.
  Object.assign(process.env, { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' })
  process.env.WRANGLER_LOG ??= 'error'
  const { lockState } = await import('./start/local-state.mjs')
  lockState(stateFolder, url)
  waitFor('wrangler to be loaded')
  const { startGateway } = await import('./start/gateway.mjs')
  const gateway = await startGateway({ root, port, url, kept: join(stateFolder, 'v3'), waitFor, write })
  await untilHealthy(url)
  waitFor('the demo key')
  const key = await demoKey(url, rootKey)
  clearInterval(report)
  sweepRegularly(url)
  gateway.watchSources()
  console.log(banner(url, key))
  held = null
}

function waitFor(what) {
  waitingFor = what
}

function reportWaiting() {
  const startedAt = Date.now()
  console.log('Slipway is starting.')
  return setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    console.log(`Slipway is starting: ${seconds} s, waiting for ${waitingFor}.`)
  }, reportEveryMs)
}

/** Rejects when the start takes longer than `patienceMs`. */
function patience() {
  return new Promise((_, reject) => {
    const giveUp = () =>
      held && reject(new Error(`no start within ${patienceMs / 1000} s: gave up waiting for ${waitingFor}`))
    setTimeout(giveUp, patienceMs).unref()
  })
}

/** A line of the Worker's log. */
function write(text, isError) {
  if (held) held.push(text)
  else (isError ? process.stderr : process.stdout).write(text)
}

/** Ends with npm. When npm alone is killed, its shell dies without a signal to this process, which then has another parent. */
function endWithParent() {
  process.stdout.on('error', () => process.exit(1))
  const parent = process.ppid
  setInterval(() => process.ppid === parent || process.exit(128 + signals.SIGTERM), 500).unref()
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 13)) return
  throw new Error(
    `Node ${process.versions.node} is too old: wrangler needs 22.13 or later. On Linux x64 \`npm ci\` brings one, which \`npm start\` takes by itself`,
  )
}

function readPort() {
  const text = process.env.PORT ?? '8787'
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new Error(`PORT is "${text}", which is not a port`)
  return port
}

/** Rejects when the port is taken. Also asked for IPv6: clients of the local store could reach another server at localhost. */
function refuseTakenPort(port, address) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', ({ code, message }) => {
      if (code === 'EADDRINUSE') reject(new Error(`port ${port} is taken; choose another with PORT=…`))
      else if (address === '::1') resolve()
      else reject(new Error(message))
    })
    server.listen(port, address, () => server.close(resolve))
  })
}

/** Writes .dev.vars with random secrets at the first start. Returns the root key. */
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

async function untilHealthy(url) {
  waitFor('GET /health to answer')
  for (;;) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
    if (answer?.ok) return
    if (answer !== null) waitFor(`GET /health to be 200; it is ${answer.status} ${await answer.text()}`)
    // Wait for the log line, which may come after the answer.
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (answer?.status === 500) throw new Error('the gateway did not start; what it said is above')
  }
}

/** Fires the cron trigger of wrangler.toml, which Miniflare does not. */
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
  const scopes = ['files:read', 'files:write', 'org:admin']
  const made = await call(`${url}/v1/api-keys`, 'POST', rootKey, { organization, name: 'npm start', scopes })
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
  Console       ${url}/ takes that key; ${url}/docs is the reference
  Web pages     of ${localOrigins.join(' and ')} may call it; CORS_ALLOWED_ORIGINS in .dev.vars allows others

Upload a file:

  curl -X POST ${url}/api/v3/organizations/${organization}/ai/files \\
    -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' \\
    -d '${body}'

Ctrl-C stops it.
`
}
