// 64 MiB by tus, in portions of several sizes: what it takes of CPU and memory beside the reference server with its file store
// and beside a Worker that only puts the body, and what it asks of D1 and of the store.
import { setTimeout as pause } from 'node:timers/promises'
import { classesOf, priceOf } from './cost/prices.mjs'
import { mib, portionBodies } from './lib/bodies.mjs'
import { startMeteredGateway } from './lib/metered.mjs'
import { cpuMsOf, growthOf } from './lib/process.mjs'
import { brief, report, tableOf } from './lib/report.mjs'
import { median } from './lib/statistics.mjs'
import { installPeers } from './speed/peers.mjs'
import { servers } from './tus/servers.mjs'
import { uploadByTus } from './tus/upload.mjs'

const byteSize = 64 * mib
const mibs = byteSize / mib
const portionSizes = { '5 MiB': 5 * mib, '500 KiB': 500 * 1024, 'one request': byteSize }
/** For what a server does after its answers. */
const restMs = 300
const uploadsPerTib = mib / mibs

/** `rounds`: of how many the medians are; `only`: a part of the names of the portions that are wanted. */
export async function run([rounds = '5', only = '']) {
  const problem = installPeers()
  if (problem !== null)
    throw new Error(`the packages of bench/package.json could not be installed: ${problem}`)
  const wanted = Object.entries(portionSizes).filter(([name]) => name.includes(only))
  const cases = wanted.flatMap(([portion, portionSize]) =>
    Object.keys(servers).map((server) => ({ portion, server, make: portionBodies(byteSize, portionSize) })),
  )
  const used = await measure(cases, Number(rounds))
  const asked = []
  for (const [portion, portionSize] of wanted) asked.push([portion, await askedFor(portionSize)])
  const text = `${tableOfUse(wanted, used)}\n\nMedians of ${rounds} round(s).\n\n${tableOfAsked(asked)}`
  report('tus', text, { isWhole: only === '' })
}

/** CPU in servers that have served before, memory in fresh ones; the cases in turn. */
async function measure(cases, rounds) {
  const used = new Map(cases.map((one) => [keyOf(one), { cpu: [], growth: [] }]))
  const running = {}
  try {
    for (const server of new Set(cases.map((one) => one.server))) running[server] = await servers[server]()
    for (let round = -1; round < rounds; round++)
      for (const one of cases) {
        const cpu = await cpuOf(running[one.server], one)
        // The first of each compiles what the others run.
        if (round >= 0) used.get(keyOf(one)).cpu.push(cpu)
      }
  } finally {
    for (const { stop } of Object.values(running)) await stop()
  }
  for (let round = 0; round < rounds; round++)
    for (const one of cases) used.get(keyOf(one)).growth.push(await growthFor(one))
  return used
}

const keyOf = ({ portion, server }) => `${portion} ${server}`

async function cpuOf({ pid, upload }, { portion, server, make }) {
  const portions = make()
  const before = cpuMsOf(pid)
  const start = performance.now()
  const remove = await upload(portions)
  const seconds = (performance.now() - start) / 1000
  await pause(restMs)
  const cpu = cpuMsOf(pid) - before
  console.log(`${server}, ${portion}: ${cpu} ms of CPU, ${seconds.toFixed(1)} s`)
  await remove()
  return cpu
}

async function growthFor({ portion, server, make }) {
  const { pid, upload, stop } = await servers[server]()
  try {
    for (const small of [1, 2]) await upload([Buffer.alloc(small * 1024, 'x'), Buffer.from('y')])
    const portions = make()
    const { growth } = await growthOf(pid, () => upload(portions))
    console.log(`${server}, ${portion}: grew by ${growth.toFixed(0)} MiB`)
    return growth
  } finally {
    await stop()
  }
}

function tableOfUse(wanted, used) {
  const names = Object.keys(servers)
  const rows = wanted.map(([portion]) => {
    const of = (field) => names.map((server) => median(used.get(keyOf({ portion, server }))[field]))
    const cpu = of('cpu')
    const ratios = cpu.slice(1).map((other) => `**${brief(other / cpu[0])}**`)
    return [
      portion,
      ...cpu.map((ms) => ms.toFixed(0)),
      ...ratios,
      ...of('growth').map((mibs) => mibs.toFixed(0)),
    ]
  })
  const others = names.slice(1)
  return tableOf(
    [
      '64 MiB in portions of',
      ...names.map((name) => `CPU ms, ${name}`),
      ...others.map((name) => `CPU ratio, ${name}`),
      ...names.map((name) => `growth in MiB, ${name}`),
    ],
    rows,
  )
}

/** What all requests of one upload ask for, with a key that was used just before. */
async function askedFor(portionSize) {
  const gateway = await startMeteredGateway()
  try {
    const authorization = { authorization: `Bearer ${await gateway.keyFor('acme')}` }
    const sum = { requests: 0, trips: 0, statements: 0, rowsRead: 0, rowsWritten: 0, store: [] }
    const ask = async (request) => {
      const answer = await gateway.askedBy(() => request)
      sum.requests++
      for (const [field, asked] of Object.entries(answer.asked))
        if (field in sum) sum[field] = sum[field].concat?.(asked) ?? sum[field] + asked
      return answer
    }
    const one = (portions) => uploadByTus(ask, '/tus', portions, authorization)
    await one([Buffer.from('the key is known now')])
    Object.assign(sum, { requests: 0, trips: 0, statements: 0, rowsRead: 0, rowsWritten: 0, store: [] })
    await one(portionBodies(byteSize, portionSize)())
    return sum
  } finally {
    await gateway.stop()
  }
}

function tableOfAsked(asked) {
  const rows = asked.map(([portion, sum]) => {
    const { a, b } = classesOf(sum.store)
    const numbers = [sum.trips, sum.statements, sum.rowsRead, sum.rowsWritten, a, b]
    const cells = numbers.map((number) => `${number} (${brief(number / mibs)})`)
    return [portion, sum.requests, ...cells, ((priceOf(sum) / 1e6) * uploadsPerTib).toFixed(2)]
  })
  return tableOf(
    [
      '64 MiB in portions of',
      'requests',
      'D1 trips (per MiB)',
      'statements',
      'rows read',
      'rows written',
      'class A',
      'class B',
      'USD per TiB',
    ],
    rows,
  )
}
