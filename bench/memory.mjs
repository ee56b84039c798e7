// Memory: how far workerd's resident memory grows for 1 and for 8 large uploads at once, each in a fresh process that has
// served small ones before, beside the bare Worker; and how much of it the gateway's isolate holds.
import { base64Bodies, formBodies, mib, rawBodies } from './lib/bodies.mjs'
import { freePort } from './lib/free-port.mjs'
import { gatewayRequests } from './lib/gateway-requests.mjs'
import { load } from './lib/load.mjs'
import { growthOf } from './lib/process.mjs'
import { tableOf } from './lib/report.mjs'
import { median } from './lib/statistics.mjs'
import { startGateway } from './lib/workerd.mjs'
import { heldWhile } from './memory/held.mjs'
import { bareRequests } from './speed/bare-requests.mjs'
import { insertOrganization } from './speed/bare-sql.mjs'

const gatewayEntry = 'src/index.ts'
const bareEntry = 'bench/speed/bare-worker.mjs'
const base64 = (of) => (bodies) => () => of.upload(bodies())
const tus = (of) => (bodies) => () => of.tus(bodies())
const form = (of) => (bodies) => () => of.form(bodies())
const bare = (route) => () => (bodies) => () => bareRequests.upload(route, bodies())

/** `bodies(byteSize)` makes the bodies of `byteSize` bytes, `make(of)(bodies)` the requests with them. */
const kinds = {
  'base64 7 MiB': { entryPoint: gatewayEntry, bodies: base64Bodies, byteSize: 7 * mib, make: base64 },
  'base64 7 MiB, bare Worker': {
    entryPoint: bareEntry,
    bodies: base64Bodies,
    byteSize: 7 * mib,
    make: bare('base64'),
  },
  'base64 7 MiB, nothing stored': {
    entryPoint: 'bench/memory/gateway-without-store.ts',
    bodies: base64Bodies,
    byteSize: 7 * mib,
    make: base64,
  },
  'base64 7 MiB, nothing stored, bare Worker': {
    entryPoint: 'bench/memory/bare-without-store.ts',
    bodies: base64Bodies,
    byteSize: 7 * mib,
    make: bare('base64'),
  },
  'form 50 MiB': { entryPoint: gatewayEntry, bodies: formBodies, byteSize: 50 * mib, make: form },
  'tus 30 MiB': { entryPoint: gatewayEntry, bodies: rawBodies, byteSize: 30 * mib, make: tus },
  'raw 30 MiB, bare Worker': {
    entryPoint: bareEntry,
    bodies: rawBodies,
    byteSize: 30 * mib,
    make: bare('raw'),
  },
  'raw 50 MiB, bare Worker': {
    entryPoint: bareEntry,
    bodies: rawBodies,
    byteSize: 50 * mib,
    make: bare('raw'),
  },
}

/** `rounds`: of how many the medians are; `only`: a part of the names of the rows that are wanted. */
export async function run([rounds = '3', only = '']) {
  const growths = new Map()
  const helds = new Map()
  const wanted = Object.entries(kinds).filter(([name]) => name.includes(only))
  for (let round = 0; round < Number(rounds); round++)
    for (const [name, kind] of wanted)
      for (const atOnce of [1, 8]) {
        const row = `${name} | ${atOnce}`
        const growth = await growthFor(kind, atOnce)
        growths.set(row, [...(growths.get(row) ?? []), growth])
        console.log(`${name}, ${atOnce} at once: ${growth.toFixed(0)} MiB`)
        if (kind.entryPoint !== gatewayEntry) continue
        const held = await heldFor(kind, atOnce)
        helds.set(row, [...(helds.get(row) ?? []), held])
        console.log(`${name}, ${atOnce} at once: ${held.toFixed(1)} MiB in the isolate`)
      }
  const rows = [...growths].map(([row, all]) => [
    ...row.split(' | '),
    median(all).toFixed(0),
    `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`,
    helds.has(row) ? Math.max(...helds.get(row)).toFixed(1) : '–',
  ])
  const heads = ['upload', 'at once', 'growth in MiB', 'least to most', 'most in the isolate']
  console.log(`\n${tableOf(heads, rows)}`)
}

/** How far workerd grows. */
function growthFor(kind, atOnce) {
  return uploading(kind, atOnce, {}, async ({ pid }, upload) => (await growthOf(pid, upload)).growth)
}

/** How much the gateway's isolate holds more than before, at most. */
async function heldFor(kind, atOnce) {
  const inspectorPort = await freePort()
  return uploading(kind, atOnce, { inspectorPort }, (_, upload) => heldWhile(inspectorPort, upload))
}

/** Starts a Worker that has served small uploads; `measure` gets it, and what makes the large ones. */
async function uploading({ entryPoint, bodies, byteSize, make }, atOnce, options, measure) {
  const worker = await startGateway({ entryPoint, ...options })
  try {
    const isBare = entryPoint.includes('bare')
    if (isBare) await worker.database.prepare(insertOrganization).run()
    const requests = make(isBare ? null : gatewayRequests(await worker.keyFor('acme')))
    await load(worker.url, { count: 2 }, requests(bodies(1024)))
    const large = requests(bodies(byteSize))
    return await measure(worker, () => load(worker.url, { count: atOnce, connections: atOnce }, large))
  } finally {
    await worker.stop()
  }
}
