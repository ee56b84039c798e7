// 7 MiB through the edge as base64 in JSON: requests per second, and how far workerd's memory grows for one
// burst of requests, for the gateway's streaming reader and for `await request.json()`.
//   npm run bench:base64
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buildSync } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

const bytes = randomBytes(7 * 1024 ** 2)
const digest = createHash('sha256').update(bytes).digest('hex')
const plain = JSON.stringify({ contentType: 'application/zip', content: bytes.toString('base64') })
const bodies = { plain, php: plain.replaceAll('/', '\\/') }
const secondsPerRow = 4

const { outputFiles } = buildSync({
  entryPoints: ['bench/base64-worker.ts'],
  bundle: true,
  format: 'esm',
  write: false,
  target: 'es2024',
})
const script = outputFiles[0].text

console.log('reader   body   clients   req/s   growth for one burst (MiB)')
for (const reader of ['stream', 'whole'])
  for (const [body, text] of Object.entries(bodies))
    for (const clients of [1, 8]) {
      const { rate, growth } = await measure(reader, text, clients)
      console.log(
        `${reader.padEnd(8)} ${body.padEnd(6)} ${String(clients).padEnd(9)} ${rate.toFixed(1).padEnd(7)} ${growth.toFixed(0)}`,
      )
    }

/** Each row in a fresh workerd, so that one's garbage is not another's growth. */
async function measure(reader, body, clients) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'bench',
      modules: true,
      script,
      compatibilityDate: '2026-10-23',
      cf: false,
    }),
  )
  const url = new URL(`/${reader}`, await miniflare.ready)
  const send = async () => {
    const answer = await fetch(url, { method: 'POST', body })
    if ((await answer.text()) !== digest) throw new Error('wrong digest')
  }
  const pid = workerdPid()
  await fetch(url, { method: 'POST', body: '{"content":""}' }).then((answer) => answer.text())
  const before = residentMiB(pid)
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid))
  }, 5)
  await Promise.all(Array.from({ length: clients }, send))
  clearInterval(watch)
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
  const seconds = (performance.now() - start) / 1000
  await miniflare.dispose()
  return { rate: sent / seconds, growth: peak - before }
}

/** The workerd that this process started last. */
function workerdPid() {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const workerd = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd'))
  return workerd.at(-1)
}

function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}
