// How far workerd's memory grows for one 50 MiB file: in a multipart form through the gateway, against the same
// bytes PUT raw through a Worker that only hands them to the bucket. Each in a fresh workerd, with Miniflare's R2
// and D1 inside it in both cases.
//   npm run bench:form [rounds]
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

const mib = 1024 ** 2
const bytes = randomBytes(50 * mib)
const boundary = '------------------------d74496d66958873e'
const form = [
  `--${boundary}\r\ncontent-disposition: form-data; name="resource_type"\r\n\r\nchat\r\n`,
  `--${boundary}\r\ncontent-disposition: form-data; name="resource_id"\r\n\r\nchat_1\r\n`,
  `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n`,
  bytes,
  `\r\n--${boundary}--\r\n`,
]
const rootKey = 'root-key-for-the-bench-0123456789abcdef'
const rounds = Number(process.argv[2] ?? 3)

const growths = { raw: [], form: [] }
console.log('growth for one 50 MiB file (MiB), and how long it took (s)')
for (let round = 0; round < rounds; round++)
  for (const [kind, measure] of Object.entries({ raw: measureRaw, form: measureForm })) {
    const { growth, seconds } = await measure()
    growths[kind].push(growth)
    console.log(`${kind.padEnd(5)} ${growth.toFixed(1).padStart(6)}  ${seconds.toFixed(1)}`)
  }
const [raw, streamed] = [median(growths.raw), median(growths.form)]
console.log(
  `median: raw ${raw.toFixed(1)}, form ${streamed.toFixed(1)}, difference ${(streamed - raw).toFixed(1)}`,
)

function measureRaw() {
  return inWorkerd('bench/raw-worker.ts', {}, async (url, grown) => {
    // Once before, as the gateway's two calls below: the runtime is warm in both.
    await send(url, 'PUT', {}, ['small'])
    return grown(() => send(url, 'PUT', { 'content-type': 'text/plain' }, [bytes]))
  })
}

function measureForm() {
  const bindings = {
    ROOT_API_KEY: rootKey,
    SIGNING_SECRET: 'signing-secret-for-the-bench-012345678',
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 'b',
    S3_ENDPOINT: 'https://store.example.com',
    S3_REGION: 'auto',
    S3_BUCKET: 'slipway',
    S3_SEAL_COPY_SOURCE: 'true',
  }
  return inWorkerd('src/index.ts', bindings, async (url, grown, miniflare) => {
    const database = await miniflare.getD1Database('DB')
    for (const file of readdirSync('migrations').sort())
      for (const statement of readFileSync(join('migrations', file), 'utf8')
        .replace(/--.*$/gm, '')
        .split(';'))
        if (statement.trim() !== '') await database.prepare(statement).run()
    const root = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' }
    await send(new URL('/v1/organizations/acme', url), 'PUT', root, ['{"name":"Acme"}'])
    const key = await send(new URL('/v1/api-keys', url), 'POST', root, ['{"organization":"acme"}'])
    const headers = {
      authorization: `Bearer ${JSON.parse(key).api_key}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    }
    const upload = (parts) => send(new URL('/v1/files', url), 'POST', headers, parts)
    await upload(form.with(3, 'small'))
    return grown(() => upload(form))
  })
}

/** Runs `work` with a fresh workerd that serves `entryPoint`, and ends it. */
async function inWorkerd(entryPoint, bindings, work) {
  const { outputFiles } = buildSync({
    entryPoints: [entryPoint],
    bundle: true,
    format: 'esm',
    write: false,
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'bench',
      modules: true,
      script: outputFiles[0].text,
      compatibilityDate: '2026-10-23',
      cf: false,
      // The gateway's log lines.
      handleRuntimeStdio: (stdout, stderr) => {
        stdout.resume()
        stderr.resume()
      },
      bindings,
      d1Databases: ['DB'],
      r2Buckets: ['BUCKET'],
      d1Persist: join(folder, 'd1'),
      r2Persist: join(folder, 'r2'),
    }),
  )
  try {
    const url = await miniflare.ready
    const pid = workerdPid()
    const grown = async (act) => {
      const before = residentMiB(pid)
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, residentMiB(pid))
      }, 5)
      const start = performance.now()
      try {
        await act()
      } finally {
        clearInterval(watch)
      }
      const seconds = (performance.now() - start) / 1000
      return { growth: Math.max(peak, residentMiB(pid)) - before, seconds }
    }
    return await work(url, grown, miniflare)
  } finally {
    await miniflare.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With Content-Length, as every client with a file does; the text of the answer. */
function send(url, method, headers, parts) {
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers, 'content-length': length } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () =>
        answer.statusCode < 300 ? resolve(text) : reject(new Error(`${answer.statusCode} ${text}`)),
      )
    })
    outgoing.on('error', reject)
    for (const part of parts) outgoing.write(part)
    outgoing.end()
  })
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
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
