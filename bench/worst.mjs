// Measures what the worst known inputs cost, each beside an ordinary request of the same kind and size: CPU time of workerd,
// with that of the local D1 and R2. Exit code 1 when one costs more than five times as much, or the gateway answers with a
// failure of its own.
//   npm run bench:worst [files [ONLY]]      20000 files to list and filter; ONLY: cases whose name has this in it
import process from 'node:process'
import { cpuMsOf } from './lib/process.mjs'
import { closeConnections, send } from './lib/send.mjs'
import { median } from './lib/statistics.mjs'
import { startGateway } from './lib/workerd.mjs'
import { casesFor } from './worst/cases.mjs'
import { associate, copyFiles, fieldCount, metadataOf } from './worst/seed.mjs'

const fileCount = Number(process.argv[2] ?? 20_000)
const only = process.argv[3] ?? ''
const ratioMax = 5
const rounds = 3
/** /proc counts in steps of 10 ms, so a round goes on until it has used several, or has taken long enough. */
const roundCpuMs = 200
const roundMs = 5_000

const gateway = await startGateway()
let isGood = true
try {
  const cases = casesFor(await prepare()).filter(({ name }) => name.includes(only))
  console.log(`\n${'CPU ms a request'.padEnd(46)} ordinary   worst   ratio   answers`)
  for (const one of cases) isGood = (await compare(one)) && isGood
} finally {
  closeConnections()
  await gateway.stop()
}
if (!isGood) console.log(`\nsome cost over ${ratioMax} times as much, or fail`)
process.exitCode = isGood ? 0 : 1

/** Rounds of both in turn, so that other load on the machine slows both. */
async function compare({ name, ordinary, worst }) {
  const answers = [await ask(ordinary()), await ask(worst())]
  if (answers[0] >= 400) {
    console.log(
      `${name.padEnd(46)} the ordinary request is answered with ${answers[0]}: nothing to compare with`,
    )
    return false
  }
  const costs = { ordinary: [], worst: [] }
  for (let round = 0; round < rounds; round++)
    for (const [kind, make] of Object.entries({ ordinary, worst })) costs[kind].push(await costOf(make))
  const [usual, most] = [median(costs.ordinary), median(costs.worst)]
  const ratio = most / usual
  const isGood = ratio <= ratioMax && answers[1] < 500
  const cells = [usual.toFixed(2).padStart(8), most.toFixed(2).padStart(7), ratio.toFixed(1).padStart(7)]
  console.log(`${name.padEnd(46)} ${cells.join(' ')}   ${answers.join(', ')}${isGood ? '' : '   OVER'}`)
  return isGood
}

/** Milliseconds of CPU for one request, over as many as make that certain. */
async function costOf(make) {
  const startedAt = performance.now()
  const before = cpuMsOf(gateway.pid)
  for (let count = 1; ; count++) {
    await ask(make())
    const used = cpuMsOf(gateway.pid) - before
    if (used >= roundCpuMs || performance.now() - startedAt >= roundMs) return used / count
  }
}

async function ask({ path, ...request }) {
  return (await send(new URL(path, gateway.url), request)).status
}

/** Organizations, their keys and files. */
async function prepare() {
  const [key, linkedKey, plainKey] = [
    await gateway.keyFor('acme'),
    await gateway.keyFor('linked'),
    await gateway.keyFor('plain'),
  ]
  const templates = []
  for (let index = 0; index < fieldCount; index++)
    templates.push(await makeFile('acme', key, metadataOf(index)))
  const linked = []
  for (let index = 0; index < 100; index++) linked.push(await makeFile('linked', linkedKey, {}))
  await makeFile('plain', plainKey, {})
  console.log(`copying ${fileCount} files`)
  await copyFiles(gateway.database, templates, fileCount)
  await associate(gateway.database, linked, 998)
  await gateway.database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO api_keys (id, organization_id, name, secret_sha256, scopes, created_at)
       SELECT printf('%016x', i), 'acme', NULL, printf('%064x', i), '["files:read"]', i FROM n`,
    )
    .run()
  const { id: uploadId } = await made('/v1/uploads', jsonHeaders(key), {
    filename: 'film.mp4',
    contentType: 'video/mp4',
    size: 20_000_000,
    multipart: true,
  })
  return { key, linkedKey, plainKey, fileId: `file_${templates[0].replaceAll('-', '')}`, uploadId }
}

/** A ready file with one association; its id. */
async function makeFile(organization, key, metadata) {
  const headers = jsonHeaders(key)
  const path = `/api/v3/organizations/${organization}/ai/files`
  const json = { contentType: 'text/plain', content: btoa(`a file of ${organization}`), metadata }
  const { fileId } = await made(path, headers, json)
  const association = { resourceType: 'chat', resourceId: 'chat_1' }
  await made(`/v1/files/file_${fileId.replaceAll('-', '')}/associations`, headers, association)
  return fileId
}

function jsonHeaders(key) {
  return { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
}

async function made(path, headers, json) {
  const answer = await send(new URL(path, gateway.url), {
    method: 'POST',
    headers,
    body: JSON.stringify(json),
  })
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
  return JSON.parse(answer.text)
}
