// Runs mixed operations of many clients against `npm start`, in all dialects, and compares every answer with what its
// client knows. In the end reads the invariants from the database and the bucket. Prints operations, errors, times and
// memory.
// SOAK_SECONDS=300 SOAK_CLIENTS=8 SOAK_SEED=slipway SOAK_REST_SECONDS=5 change it.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { copyOfProject, freePort, NpmStart } from '../test/e2e/support/npm-start.ts'
import { atEnd } from './lib/cleanup.mjs'
import { SoakClient } from './soak/client.mjs'
import { checkInvariants } from './soak/invariants.mjs'
import { gatewayErrors, reloadsIn } from './soak/log.mjs'
import { memoryOf } from './soak/memory.mjs'
import { everyOperation, nextOperation } from './soak/operations.mjs'
import { download } from './soak/reads.mjs'
import { printInvariants, printMemory, printMemoryHead, Tally } from './soak/report.mjs'
import { readState } from './soak/state.mjs'

const seconds = numberOf('SOAK_SECONDS', 300)
const clientCount = numberOf('SOAK_CLIENTS', 8)
const seed = process.env.SOAK_SEED ?? 'slipway'
const organizations = ['soak-a', 'soak-b']
const sweepEveryMs = 15_000
const memoryEveryMs = 30_000
/** How long the soak rests before its end, so that work after answers, such as deletions, is done. */
const restSeconds = numberOf('SOAK_REST_SECONDS', 5)

/** False when there was an error, or an invariant is broken. */
export async function run() {
  // For the wrangler that reads the state in the end.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'
  process.env.WRANGLER_SEND_METRICS = 'false'
  process.env.WRANGLER_LOG = 'error'
  const folder = copyOfProject()
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  console.log(`${clientCount} clients, ${seconds} s, seed ${seed}`)
  const port = await freePort()
  const inspectorPort = await freePort()
  const gateway = new NpmStart(folder, port, { INSPECTOR_PORT: String(inspectorPort) })
  atEnd(() => gateway.end())
  await gateway.running()

  const tally = new Tally()
  const clients = await makeClients(`http://127.0.0.1:${port}`, folder, tally)
  const fileCount = () => clients.reduce((sum, { files }) => sum + files.size, 0)
  const noteMemory = async (when) => printMemory(when, await memoryOf(gateway.id, inspectorPort), fileCount())

  for (const operation of everyOperation) await tally.run(operation, clients[0])
  printMemoryHead()
  await noteMemory('after warm-up')
  const worked = await underLoad(clients, tally, noteMemory)
  await noteMemory('load ended')

  // Compare every file once more.
  const comparison = { name: 'last comparison', run: compareAll }
  await Promise.all(clients.map((client) => tally.run(comparison, client)))
  await sweep(clients, tally)
  await new Promise((resolve) => setTimeout(resolve, restSeconds * 1000))
  await noteMemory('at the end')
  gateway.signalGroup('SIGINT')
  await gateway.exit()

  tally.print(worked)
  const reloads = reloadsIn(gateway.output)
  if (reloads > 0)
    console.log(`the gateway was started anew ${reloads} times: memory and times are of more than one run`)
  const isRight = printInvariants({
    'the gateway logged no failure': gatewayErrors(gateway.output),
    ...checkInvariants(await readState(folder), clients),
  })
  return isRight && tally.errorCount === 0
}

/** Lets the clients work, with the cron trigger beside them. Resolves to how long it took, in seconds. */
async function underLoad(clients, tally, noteMemory) {
  const startedAt = performance.now()
  const elapsed = () => (performance.now() - startedAt) / 1000
  const sweeping = setInterval(() => sweep(clients, tally), sweepEveryMs)
  const watching = setInterval(() => noteMemory(`after ${elapsed().toFixed(0)} s`), memoryEveryMs)
  try {
    await Promise.all(
      clients.map(async (client) => {
        while (elapsed() < seconds) await tally.run(nextOperation(client), client)
      }),
    )
    return elapsed()
  } finally {
    clearInterval(sweeping)
    clearInterval(watching)
  }
}

function numberOf(name, fallback) {
  const number = Number(process.env[name] ?? fallback)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`${name} must be a whole number above 0`)
}

/** Clients with a key each, one after the other in one of the organizations. */
async function makeClients(origin, folder, tally) {
  const rootKey = /^ROOT_API_KEY=(\S+)$/m.exec(readFileSync(join(folder, '.dev.vars'), 'utf8'))[1]
  const root = new SoakClient({ origin, name: 'root', token: rootKey, seed, durations: [] })
  for (const organization of organizations)
    await root.call('PUT organization', 'PUT', `/v1/organizations/${organization}`, {
      json: { name: 'Soak' },
      expect: [200, 201],
    })
  const made = []
  for (let number = 0; number < clientCount; number++) {
    const organization = organizations[number % organizations.length]
    const json = { organization, scopes: ['files:read', 'files:write', 'org:admin'] }
    const answer = await root.call('POST key', 'POST', '/v1/api-keys', { json, expect: 201 })
    const token = answer.json.api_key
    const name = `client-${number + 1}`
    made.push(new SoakClient({ origin, organization, name, token, seed, durations: tally.requests }))
  }
  for (const client of made)
    client.strangers = made.filter(({ organization }) => organization !== client.organization)
  return made
}

async function compareAll(client) {
  for (const file of client.files.values()) await download(client, file)
}

/** Fires the cron trigger, more often than a deployment does. */
function sweep([client], tally) {
  const path = `/cdn-cgi/local/scheduled?cron=${encodeURIComponent('*/5 * * * *')}`
  const run = () => client.send('sweep', 'GET', `${client.origin}${path}`, {})
  return tally.run({ name: 'sweep', run }, { name: 'the cron trigger' })
}
