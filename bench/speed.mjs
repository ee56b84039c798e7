// Speed: each request of the gateway beside a bare Worker that makes the same round trips, and presigning beside what a user
// would take in its place. One table, which goes into docs/performance.md.
import { gatewayRequests } from './lib/gateway-requests.mjs'
import { brief, report, tableOf } from './lib/report.mjs'
import { measure } from './lib/rounds.mjs'
import { startGateway } from './lib/workerd.mjs'
import { insertOrganization } from './speed/bare-sql.mjs'
import { makeCases } from './speed/cases.mjs'
import { installPeers, startPeers } from './speed/peers.mjs'

/** `rounds`: of how many the medians are; `only`: a part of the names of the cases that are wanted. */
export async function run([rounds = '3', only = '']) {
  const failure = installPeers()
  if (failure !== null) console.log(`the packages of bench/package.json are not installed: ${failure}`)
  const peers = await startPeers()
  for (const [name, why] of Object.entries(peers.leftOut)) console.log(`left out: ${name} (${why})`)
  const workers = await startWorkers()
  try {
    const cases = await makeCases({ ...workers, peers: peers.running })
    const wanted = cases.filter(({ name }) => name.includes(only))
    const rows = []
    for (const one of wanted)
      for (const connections of one.connections) {
        const results = await measure(one.sides, { connections, rounds: Number(rounds) })
        for (const pair of one.compared) rows.push(rowOf(one.name, connections, pair, results))
        console.log(`${one.name}, ${connections} at once: ${sayCpu(results)}`)
      }
    report('speed', `${table(rows)}\n\n${notes(rows, peers.leftOut, rounds)}`, {
      isWhole: wanted.length === cases.length,
    })
  } finally {
    await Promise.all([workers.gateway, workers.limited, workers.bare].map(({ stop }) => stop()))
    await peers.stop()
  }
}

/** One after the other: each finds its workerd among the processes as the latest. */
async function startWorkers() {
  const gateway = await startGateway({ variables: { LOG_REQUESTS_SHARE: '0' } })
  const limited = await startGateway({ rateLimiter: true })
  const bare = await startGateway({ entryPoint: 'bench/speed/bare-worker.mjs' })
  await bare.database.prepare(insertOrganization).run()
  return {
    gateway,
    limited,
    bare,
    of: gatewayRequests(await gateway.keyFor('uploads'), 'uploads'),
    ofReads: gatewayRequests(await gateway.keyFor('reads'), 'reads'),
    ofLimited: gatewayRequests(await limited.keyFor('uploads'), 'uploads'),
  }
}

function rowOf(name, connections, { own, other, target }, results) {
  const [mine, its] = [results[own], results[other]]
  const ratio = its.cpu / mine.cpu
  return {
    name,
    connections,
    own,
    other,
    target,
    mine,
    its,
    ratio,
    isMet: Number(ratio.toFixed(2)) >= target,
  }
}

function table(rows) {
  const heads = [
    'request',
    'at once',
    'compared',
    'CPU ratio',
    'target',
    'CPU ms',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'MiB',
  ]
  const pair = ({ mine, its }, field) => `${brief(mine[field])} : ${brief(its[field])}`
  return tableOf(
    heads,
    rows.map((row) => [
      row.name,
      row.connections,
      `${row.own} : ${row.other}`,
      `**${row.ratio.toFixed(2)}**`,
      row.target === undefined ? '' : `${row.target} ${row.isMet ? 'met' : 'missed'}`,
      ...['cpu', 'rate', 'p50', 'p99', 'memory'].map((field) => pair(row, field)),
    ]),
  )
}

function notes(rows, leftOut, rounds) {
  const withTarget = rows.filter(({ target }) => target !== undefined)
  const met = withTarget.filter(({ isMet }) => isMet)
  return [
    `Medians of ${rounds} round(s); ${met.length} of ${withTarget.length} targets met.`,
    ...(Object.keys(leftOut).length > 0 ? [`Left out: ${Object.keys(leftOut).join(', ')}.`] : []),
  ].join(' ')
}

function sayCpu(results) {
  return Object.entries(results)
    .map(([name, { cpu }]) => `${name} ${cpu.toFixed(2)} ms`)
    .join(', ')
}
