// Measures what the worst known inputs cost, each beside an ordinary request of the same kind and size: CPU time of workerd,
// with that of the local D1 and R2. Exit code 1 when one costs more than five times as much, or the gateway answers with a
// failure of its own.
import { cpuMsOf } from './lib/process.mjs'
import { send } from './lib/send.mjs'
import { median } from './lib/statistics.mjs'
import { startGateway } from './lib/workerd.mjs'
import { casesFor } from './worst/cases.mjs'
import { associate, copyFiles, fieldCount, metadataOf } from './worst/seed.mjs'

const ratioMax = 5
const rounds = 3
/** /proc counts in steps of 10 ms, so a round goes on until it has used several, or has taken long enough. */
const roundCpuMs = 200
const roundMs = 5_000

/** `files`: how many there are to list and filter; `only`: a part of the names of the cases that are wanted. */
export async function run([files = '20000', only = '']) {
  const gateway = await startGateway()
  let isGood = true
  try {
    const cases = casesFor(await prepare(gateway, Number(files))).filter(({ name }) => name.includes(only))
    console.log(`\n${'CPU ms a request'.padEnd(46)} ordinary   worst   ratio   answers`)
    for (const one of cases) isGood = (await compare(gateway, one)) && isGood
  } finally {
    await gateway.stop()
  }
  if (!isGood) console.log(`\nsome cost over ${ratioMax} times as much, or fail`)
  return isGood
}

/** Rounds of both in turn, so that other load on the machine slows both. */
async function compare(gateway, { name, ordinary, worst }) {
  const answers = [await ask(gateway, ordinary()), await ask(gateway, worst())]
  if (answers[0] >= 400) {
    console.log(
      `${name.padEnd(46)} the ordinary request is answered with ${answers[0]}: nothing to compare with`,
    )
    return false
  }
  const costs = { ordinary: [], worst: [] }
  for (let round = 0; round < rounds; round++)
    for (const [kind, make] of Object.entries({ ordinary, worst }))
      costs[kind].push(await costOf(gateway, make))
  const [usual, most] = [median(costs.ordinary), median(costs.worst)]
  const ratio = most / usual
  const isGood = ratio <= ratioMax && answers[1] < 500
  const cells = [usual.toFixed(2).padStart(8), most.toFixed(2).padStart(7), ratio.toFixed(1).padStart(7)]
  console.log(`${name.padEnd(46)} ${cells.join(' ')}   ${answers.join(', ')}${isGood ? '' : '   OVER'}`)
  return isGood
}

/** Milliseconds of CPU for one request, over as many as make that certain. */
async function costOf(gateway, make) {
  const startedAt = performance.now()
  const before = cpuMsOf(gateway.pid)
  for (let count = 1; ; count++) {
    await ask(gateway, make())
    const used = cpuMsOf(gateway.pid) - before
    if (used >= roundCpuMs || performance.now() - startedAt >= roundMs) return used / count
  }
}

async function ask(gateway, { path, ...request }) {
  return (await send(new URL(path, gateway.url), request)).status
}

/** Organizations, their keys and files. */
async function prepare(gateway, fileCount) {
  const [key, linkedKey, plainKey] = [
    await gateway.keyFor('acme'),
    await gateway.keyFor('linked'),
    await gateway.keyFor('plain'),
  ]
  const templates = []
  for (let index = 0; index < fieldCount; index++)
    templates.push(await makeFile(gateway, 'acme', key, metadataOf(index)))
  const linked = []
  for (let index = 0; index < 100; index++) linked.push(await makeFile(gateway, 'linked', linkedKey, {}))
  await makeFile(gateway, 'plain', plainKey, {})
  console.log(`copying ${fileCount} files`)
  await copyFiles(gateway.database, templates, fileCount)
  await associate(gateway.database, 'linked', linked, 998)
  await gateway.database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO api_keys (id, organization_id, name, secret_sha256, scopes, created_at)
       SELECT printf('%016x', i), 'acme', NULL, printf('%064x', i), '["files:read"]', i FROM n`,
    )
    .run()
  const { id: uploadId } = await made(gateway, '/v1/uploads', jsonHeaders(key), {
    filename: 'film.mp4',
    contentType: 'video/mp4',
    size: 20_000_000,
    multipart: true,
  })
  return { key, linkedKey, plainKey, fileId: `file_${templates[0].replaceAll('-', '')}`, uploadId }
}

/** A ready file with one association; its id. */
async function makeFile(gateway, organization, key, metadata) {
  const headers = jsonHeaders(key)
  const path = `/api/v3/organizations/${organization}/ai/files`
  const json = { contentType: 'text/plain', content: btoa(`a file of ${organization}`), metadata }
  const { fileId } = await made(gateway, path, headers, json)
  const association = { resourceType: 'chat', resourceId: 'chat_1' }
  await made(gateway, `/v1/files/file_${fileId.replaceAll('-', '')}/associations`, headers, association)
  return fileId
}

function jsonHeaders(key) {
  return { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
}

async function made(gateway, path, headers, json) {
  const answer = await send(new URL(path, gateway.url), {
    method: 'POST',
    headers,
    body: JSON.stringify(json),
  })
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
  return JSON.parse(answer.text)
}
