// Measures 7 MiB through the Worker as base64 in JSON: requests per second, and how far workerd's memory grows for one
// burst of requests, for the gateway's streaming reader and for `await request.json()`.
import { createHash, randomBytes } from 'node:crypto'
import { growthOf } from './lib/process.mjs'
import { startWorker } from './lib/workerd.mjs'

const bytes = randomBytes(7 * 1024 ** 2)
const digest = createHash('sha256').update(bytes).digest('hex')
const plain = JSON.stringify({ contentType: 'application/zip', content: bytes.toString('base64') })
const bodies = { plain, php: plain.replaceAll('/', '\\/') }
const secondsPerRow = 4

export async function run() {
  console.log('reader   body   clients   req/s   growth for one burst (MiB)')
  for (const reader of ['stream', 'whole'])
    for (const [body, text] of Object.entries(bodies))
      for (const clients of [1, 8]) {
        const { rate, growth } = await measure(reader, text, clients)
        console.log(
          `${reader.padEnd(8)} ${body.padEnd(6)} ${String(clients).padEnd(9)} ${rate.toFixed(1).padEnd(7)} ${growth.toFixed(0)}`,
        )
      }
}

/** Each row in a fresh workerd, so that garbage of one does not count as growth of another. */
async function measure(reader, body, clients) {
  const worker = await startWorker('bench/base64/worker.ts')
  const url = new URL(`/${reader}`, worker.url)
  const send = async () => {
    const answer = await fetch(url, { method: 'POST', body })
    if ((await answer.text()) !== digest) throw new Error('wrong digest')
  }
  try {
    await fetch(url, { method: 'POST', body: '{"content":""}' }).then((answer) => answer.text())
    const { growth } = await growthOf(worker.pid, () => Promise.all(Array.from({ length: clients }, send)))
    let sent = 0
    const start = performance.now()
    const end = start + secondsPerRow * 1000
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < end) {
          await send()
          sent++
        }
      }),
    )
    return { rate: sent / ((performance.now() - start) / 1000), growth }
  } finally {
    await worker.stop()
  }
}
