// Start: the size of the bundle, and what workerd does until a fresh isolate has answered for the first time, beside other
// Workers.
import { gzipSync } from 'node:zlib'
import { bundle } from './lib/bundle.mjs'
import { cpuMsOf } from './lib/process.mjs'
import { brief, tableOf } from './lib/report.mjs'
import { send } from './lib/send.mjs'
import { median } from './lib/statistics.mjs'
import { startGateway } from './lib/workerd.mjs'
import { installPeers } from './speed/peers.mjs'

const constant = 'constant answer'
const workers = {
  [constant]: 'bench/start/constant.mjs',
  Hono: 'bench/start/hono.mjs',
  'Hono + @hono/zod-openapi': 'bench/start/hono-zod-openapi.mjs',
  Slipway: 'src/index.ts',
}

/** `rounds`: of how many the medians are. */
export async function run([rounds = '7']) {
  const failure = installPeers()
  if (failure !== null) console.log(`the packages of bench/package.json are not installed: ${failure}`)
  const wanted = Object.entries(workers).filter(([, entry]) => failure === null || !entry.includes('openapi'))
  const starts = new Map(wanted.map(([name]) => [name, []]))
  for (let round = 0; round < Number(rounds); round++)
    for (const [name, entry] of wanted) starts.get(name).push(await startOf(entry))
  const of = (name, field) => median(starts.get(name).map((start) => start[field]))
  const rows = wanted.map(([name, entry]) => {
    const cpu = of(name, 'cpu') - of(constant, 'cpu')
    return [name, ...sizesOf(entry), brief(of(name, 'first')), brief(of(name, 'second')), cpu.toFixed(0)]
  })
  const heads = ['Worker', 'KiB', 'gzip', 'minified', 'gzip', 'first answer ms', 'second ms', 'CPU ms']
  console.log(
    `${tableOf(heads, rows)}\n\nCPU is that until the first answer, without that of the ${constant}.`,
  )
}

/** Milliseconds of the first two requests, and CPU of workerd from its start until the first answer. */
async function startOf(entryPoint) {
  const worker = await startGateway({ entryPoint })
  try {
    const url = new URL('/nothing-here', worker.url)
    const ask = async () => {
      const begun = performance.now()
      await send(url)
      return performance.now() - begun
    }
    const first = await ask()
    const cpu = cpuMsOf(worker.pid)
    return { first, cpu, second: await ask() }
  } finally {
    await worker.stop()
  }
}

function sizesOf(entryPoint) {
  return [false, true].flatMap((minify) => {
    const text = bundle(entryPoint, { minify })
    return [Buffer.byteLength(text), gzipSync(text, { level: 9 }).length].map((bytes) =>
      (bytes / 1024).toFixed(0),
    )
  })
}
