// Growth: what requests cost in organizations of 1 000, 100 000 and 1 000 000 files, in interleaved rounds.
import { growthCases } from './growth/cases.mjs'
import { seed } from './growth/seed.mjs'
import { gatewayRequests } from './lib/gateway-requests.mjs'
import { load } from './lib/load.mjs'
import { startMeteredGateway } from './lib/metered.mjs'
import { cpuMsOf } from './lib/process.mjs'
import { brief, report, tableOf } from './lib/report.mjs'
import { median } from './lib/statistics.mjs'

const defaultSizes = '1000,100000,1000000'
const requestsPerRound = 30

/** `sizes`: numbers of files, the smallest first; `rounds`: of how many the medians are. */
export async function run([sizes = defaultSizes, rounds = '3']) {
  const gateways = []
  try {
    for (const size of sizes.split(',').map(Number)) gateways.push(await seededGateway(size))
    const rows = []
    for (const [name, one] of Object.entries(growthCases())) {
      const costs = await measureCase(gateways, one, Number(rounds))
      rows.push({ name, costs })
      console.log(`${name}: ${costs.map(({ p50 }) => `${brief(p50)} ms`).join(', ')}`)
    }
    report('growth', `${table(gateways, rows)}\n\n${bytesOf(gateways)} Medians of ${rounds} round(s).`, {
      isWhole: sizes === defaultSizes,
    })
  } finally {
    for (const { stop } of gateways) await stop()
  }
}

async function seededGateway(size) {
  const gateway = await startMeteredGateway()
  const of = gatewayRequests(await gateway.keyFor('acme'))
  const begun = performance.now()
  const bytesPerFile = await seed(gateway.database, size)
  console.log(`${size} files written in ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  return { ...gateway, of, size, bytesPerFile }
}

/** For each gateway: p50 in ms, CPU ms and rows read of a request. */
async function measureCase(gateways, { make, prepare }, rounds) {
  const measured = gateways.map(() => ({ times: [], cpus: [] }))
  // The first round warms up.
  for (let round = 0; round <= rounds; round++)
    for (const [at, gateway] of gateways.entries()) {
      const { times, cpu } = await runRound(gateway, make, prepare, requestsPerRound)
      if (round === 0) continue
      measured[at].times.push(...times)
      measured[at].cpus.push(cpu)
    }
  const costs = []
  for (const [at, gateway] of gateways.entries()) {
    const prepared = await prepare?.(gateway, gateway.of, 1)
    const next = make(gateway.of, gateway.size)
    const { asked } = await gateway.askedBy(() => next(prepared ? prepared[0] : 0))
    const { times, cpus } = measured[at]
    costs.push({ p50: median(times), cpu: median(cpus), rowsRead: asked.rowsRead })
  }
  return costs
}

async function runRound(gateway, make, prepare, count) {
  const prepared = await prepare?.(gateway, gateway.of, count)
  const next = make(gateway.of, gateway.size)
  const before = cpuMsOf(gateway.pid)
  const { times } = await load(gateway.url, { count }, (index) => next(prepared ? prepared[index] : index))
  return { times, cpu: (cpuMsOf(gateway.pid) - before) / count }
}

function table(gateways, rows) {
  const sizes = gateways.map(({ size }) => size.toLocaleString('en'))
  const perSize = (costs, show) => costs.map(show).join(' / ')
  const times = (costs, field) => (costs.at(-1)[field] / costs[0][field]).toFixed(2)
  return tableOf(
    [`request, with ${sizes.join(' / ')} files`, 'p50 ms', '×', 'CPU ms', '×', 'rows read'],
    rows.map(({ name, costs }) => [
      name,
      perSize(costs, ({ p50 }) => brief(p50)),
      `**${times(costs, 'p50')}**`,
      perSize(costs, ({ cpu }) => brief(cpu)),
      times(costs, 'cpu'),
      perSize(costs, ({ rowsRead }) => rowsRead),
    ]),
  )
}

function bytesOf(gateways) {
  const { size, bytesPerFile } = gateways.at(-1)
  return `A file with seven terms and one association takes ${bytesPerFile.toFixed(0)} bytes of D1 (with ${size.toLocaleString('en')} files): 10 GB are ${(10e9 / bytesPerFile / 1e6).toFixed(1)} million files.`
}
