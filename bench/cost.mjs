// Cost: what operations and whole uploads ask of D1 and of the store, and what a million of them cost on the platform.
import { makeFiles, operationsOf, wholeUploadsOf } from './cost/operations.mjs'
import { priceOf } from './cost/prices.mjs'
import { gatewayRequests, putObjects } from './lib/gateway-requests.mjs'
import { startMeteredGateway } from './lib/metered.mjs'
import { report, tableOf } from './lib/report.mjs'

/** What is remembered of an upload is forgotten by then. */
const forgottenAfterHours = 26

/** `only`: a part of the names of the operations that are wanted; those before them are done too. */
export async function run([only = '']) {
  const gateway = await startMeteredGateway()
  try {
    const of = gatewayRequests(await gateway.keyFor('acme'))
    const fileId = await makeFiles(of, gateway.askedBy)
    const rows = []
    for (const [name, act] of Object.entries(operationsOf(of, fileId)))
      rows.push({ name, asked: (await costOf(gateway, of, act)).asked })
    const idle = await restOf(gateway)
    for (const [name, act] of Object.entries(wholeUploadsOf(of))) {
      const { asked, puts } = await costOf(gateway, of, act)
      const forgetting = [await gateway.sweepAsked(0), await gateway.sweepAsked(forgottenAfterHours)]
      const all = [asked, { ...nothing, store: puts }, ...forgetting.map((one) => without(idle, one))]
      rows.push({ name: `whole upload, ${name}`, asked: sumOf(all) })
    }
    rows.push(rowOfTerm(rows))
    report('cost', table(rows.filter(({ name }) => name.includes(only))), { isWhole: only === '' })
  } finally {
    await gateway.stop()
  }
}

const nothing = { requests: 0, trips: 0, statements: 0, rowsRead: 0, rowsWritten: 0, store: [] }

function sumOf(costs) {
  const sum = { ...nothing }
  for (const one of costs)
    for (const field of Object.keys(nothing))
      sum[field] = sum[field].concat?.(one[field]) ?? sum[field] + one[field]
  return sum
}

/** What `act` asks for, with a key that was used just before; `puts` are the client's. */
async function costOf(gateway, of, act) {
  const costs = []
  const puts = []
  const ask = async (make) => {
    await gateway.askedBy(of.organization)
    const { text, asked } = await gateway.askedBy(make)
    costs.push({ ...asked, requests: 1 })
    return text.startsWith('{') ? JSON.parse(text) : null
  }
  const put = async (url) => {
    await putObjects(gateway, [url])
    puts.push('PUT by the client')
  }
  await act(ask, put)
  return { asked: sumOf(costs), puts }
}

/** Sweeps until there is nothing to do; what such a sweep asks for. */
async function restOf(gateway) {
  for (;;) {
    const asked = await gateway.sweepAsked(forgottenAfterHours)
    if (asked.rowsWritten === 0) return asked
  }
}

/** A sweep's share of one upload: an idle one asks for the rest. */
function without(idle, sweep) {
  const expected = [...idle.store]
  const store = sweep.store.filter((call) => {
    const at = expected.indexOf(call)
    if (at >= 0) expected.splice(at, 1)
    return at < 0
  })
  const less = (field) => Math.max(0, sweep[field] - idle[field])
  return {
    requests: 0,
    trips: less('trips'),
    statements: less('statements'),
    rowsRead: less('rowsRead'),
    rowsWritten: less('rowsWritten'),
    store,
  }
}

/** What one value of metadata adds to a base64 upload. */
function rowOfTerm(rows) {
  const askedBy = (name) => rows.find((row) => row.name === `whole upload, ${name}`).asked
  const [plain, more] = [askedBy('base64 10 KiB'), askedBy('base64 10 KiB, 3 more terms')]
  const third = (field) => (more[field] - plain[field]) / 3
  const asked = { ...nothing, rowsRead: third('rowsRead'), rowsWritten: third('rowsWritten') }
  return { name: 'each metadata term', asked }
}

function table(rows) {
  return tableOf(
    ['', 'D1 trips', 'statements', 'rows read', 'rows written', 'store', 'USD per million'],
    rows.map(({ name, asked }) => [
      name,
      asked.trips,
      asked.statements,
      Number(asked.rowsRead.toFixed(1)),
      Number(asked.rowsWritten.toFixed(1)),
      callsIn(asked.store),
      priceOf(asked).toFixed(2),
    ]),
  )
}

function callsIn(store) {
  const counts = new Map()
  for (const call of store) counts.set(call, (counts.get(call) ?? 0) + 1)
  return [...counts].map(([call, count]) => (count === 1 ? call : `${count} × ${call}`)).join(', ') || '–'
}
