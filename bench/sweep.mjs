// Measures what 100 000 overdue uploads cost: how many sweeps, how long they take, and how much slower four clients get,
// which list, get, upload and presign all the while. The sweeps run back to back; a deployment's are minutes apart.
// Miniflare's D1 is one SQLite that does one thing at a time, as D1 does, with round trips of a millisecond.
import { randomBytes } from 'node:crypto'
import { send as sendRequest } from './lib/send.mjs'
import { quantile } from './lib/statistics.mjs'
import { startGateway } from './lib/workerd.mjs'
import { seedOverdue } from './sweep/seed.mjs'

const baselineMs = 10_000
const clientCount = 4
const files = '/api/v3/organizations/acme/ai/files'

export async function run([rows = '100000']) {
  const overdue = Number(rows)
  const reports = []
  const meters = []
  const gateway = await startGateway({
    entryPoint: 'bench/lib/metered-worker.ts',
    onLog(message) {
      const event = message.startsWith('{') ? JSON.parse(message) : {}
      if (event.event === 'sweep') reports.push(event)
      if (event.event === 'metered' && event.kind === 'sweep') meters.push(event)
    },
  })
  try {
    const { url, database, bucket } = gateway
    const key = await gateway.keyFor('acme')
    const { arrived, died } = await seedOverdue(database, bucket, overdue)
    console.log(
      `${overdue} overdue uploads (${arrived} arrived, ${died} died in the Worker), ${clientCount} clients`,
    )

    await clients(url, key, pause(3000))
    const before = await clients(url, key, pause(baselineMs))
    const sweeping = sweepAll(url, database)
    const during = await clients(url, key, sweeping)
    const durations = await sweeping
    const after = await clients(url, key, pause(baselineMs))
    // Log lines come through a pipe.
    await pause(500)
    printSweeps(durations, reports, meters)
    printTimes(before, during, after)
  } finally {
    await gateway.stop()
  }
}

function printSweeps(durations, reports, meters) {
  const rowsPerSweep = reports.map(
    ({ settled, refused, failed, abandoned }) => settled + refused + failed + abandoned,
  )
  console.log(`sweeps needed          ${durations.length}`)
  console.log(`uploads ended a sweep  ${spread(rowsPerSweep)}`)
  console.log(`seconds a sweep        ${spread(durations.map((ms) => ms / 1000))}`)
  console.log(`statements a sweep     ${spread(meters.map(({ statements }) => statements))}`)
  console.log(`calls a sweep          ${spread(meters.map(({ trips, store }) => trips + store.length))}`)
  console.log(`errors                 ${reports.reduce((sum, { errors }) => sum + errors, 0)}`)
}

function printTimes(before, during, after) {
  console.log('\nmilliseconds   without: p50    p99     with: p50    p99    max   requests/s without, with')
  for (const kind of Object.keys(before.times)) {
    const without = [...before.times[kind], ...after.times[kind]]
    const meanwhile = during.times[kind]
    const cells = [
      quantile(without, 0.5),
      quantile(without, 0.99),
      quantile(meanwhile, 0.5),
      quantile(meanwhile, 0.99),
      Math.max(...meanwhile),
      without.length / (before.seconds + after.seconds),
      meanwhile.length / during.seconds,
    ]
    console.log(kind.padEnd(16), ...cells.map((cell) => cell.toFixed(1).padStart(9)))
  }
}

/** Runs the cron until a sweep finds nothing to do; how long each took. */
async function sweepAll(url, database) {
  const left = database.prepare(
    `SELECT (SELECT count(*) FROM uploads WHERE expires_at < ?1)
       + (SELECT count(*) FROM object_deletions WHERE due_at <= ?1) AS n`,
  )
  const durations = []
  for (;;) {
    // A sweep postpones some uploads by a quarter of an hour; here they are due at once.
    await database
      .prepare('UPDATE uploads SET sweep_at = expires_at WHERE sweep_at > ?1 AND expires_at < ?1')
      .bind(Date.now())
      .run()
    if ((await left.bind(Date.now()).first('n')) === 0) return durations
    const begun = performance.now()
    await send(url, 'GET', '/cdn-cgi/local/scheduled', '')
    durations.push(performance.now() - begun)
  }
}

/** Milliseconds of each request that the clients make until `end` settles, by kind. */
async function clients(url, key, end) {
  let isOver = false
  end.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  const times = { list: [], get: [], upload: [], presign: [] }
  const begun = performance.now()
  const timed = async (kind, method, path, body) => {
    const start = performance.now()
    const answer = await send(url, method, path, key, body)
    times[kind].push(performance.now() - start)
    return answer
  }
  await Promise.all(
    Array.from({ length: clientCount }, async () => {
      while (!isOver) {
        const content = Buffer.from(randomBytes(512).toString('hex')).toString('base64')
        const { fileId } = await timed('upload', 'POST', files, {
          content,
          contentType: 'text/plain',
        })
        await timed('get', 'GET', `${files}/${fileId}`)
        await timed('list', 'GET', `${files}?limit=20`)
        await timed('presign', 'POST', files, { requestUploadUrl: true, size: 5, contentType: 'text/plain' })
      }
    }),
  )
  return { times, seconds: (performance.now() - begun) / 1000 }
}

async function send(url, method, path, token, json) {
  const body = json === undefined ? [] : JSON.stringify(json)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { status, text } = await sendRequest(new URL(path, url), { method, headers, body })
  if (status >= 300) throw new Error(`${status} ${text}`)
  return text.startsWith('{') ? JSON.parse(text) : text
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function spread(numbers) {
  const show = (number) => (Number.isInteger(number) ? String(number) : number.toFixed(1))
  return `median ${show(quantile(numbers, 0.5))}, most ${show(Math.max(...numbers))}`
}
