// Measures how far workerd's memory grows for one 50 MiB file: in a multipart form through the gateway, against the same
// bytes PUT raw through a Worker that only passes them to the bucket. Each in a fresh workerd, with Miniflare's R2 and D1
// inside it in both cases.
import { randomBytes } from 'node:crypto'
import { boundary, mib } from './lib/bodies.mjs'
import { growthOf } from './lib/process.mjs'
import { send } from './lib/send.mjs'
import { median } from './lib/statistics.mjs'
import { startGateway, startWorker } from './lib/workerd.mjs'

const bytes = randomBytes(50 * mib)
const form = [
  `--${boundary}\r\ncontent-disposition: form-data; name="resource_type"\r\n\r\nchat\r\n`,
  `--${boundary}\r\ncontent-disposition: form-data; name="resource_id"\r\n\r\nchat_1\r\n`,
  `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n`,
  bytes,
  `\r\n--${boundary}--\r\n`,
]

export async function run([rounds = '3']) {
  const growths = { raw: [], form: [] }
  console.log('growth for one 50 MiB file (MiB), and how long it took (s)')
  for (let round = 0; round < Number(rounds); round++)
    for (const [kind, measure] of Object.entries({ raw: measureRaw, form: measureForm })) {
      const { growth, seconds } = await measure()
      growths[kind].push(growth)
      console.log(`${kind.padEnd(5)} ${growth.toFixed(1).padStart(6)}  ${seconds.toFixed(1)}`)
    }
  const [raw, streamed] = [median(growths.raw), median(growths.form)]
  console.log(
    `median: raw ${raw.toFixed(1)}, form ${streamed.toFixed(1)}, difference ${(streamed - raw).toFixed(1)}`,
  )
}

async function measureRaw() {
  const worker = await startWorker('bench/form/raw-worker.ts')
  const upload = (body) =>
    stored(worker.url, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body })
  return measure(worker, upload, 'small', bytes)
}

async function measureForm() {
  const gateway = await startGateway()
  const headers = {
    authorization: `Bearer ${await gateway.keyFor('acme')}`,
    'content-type': `multipart/form-data; boundary=${boundary}`,
  }
  const url = new URL('/v1/files', gateway.url)
  const upload = (body) => stored(url, { method: 'POST', headers, body })
  return measure(gateway, upload, form.with(3, 'small'), form)
}

/** Sends a small file first, to warm the runtime up. */
async function measure({ pid, stop }, upload, small, large) {
  try {
    await upload(small)
    return await growthOf(pid, () => upload(large))
  } finally {
    await stop()
  }
}

async function stored(url, request) {
  const { status, text } = await send(url, request)
  if (status >= 300) throw new Error(`${status} ${text}`)
}
