// Profile: where the gateway's isolate spends its time, by function, as workerd's inspector samples it. What runs in other
// isolates, as D1 does, is not in it.
import { base64Bodies, formBodies, mib } from './lib/bodies.mjs'
import { freePort } from './lib/free-port.mjs'
import { answersTo, gatewayRequests } from './lib/gateway-requests.mjs'
import { load } from './lib/load.mjs'
import { tableOf } from './lib/report.mjs'
import { startGateway } from './lib/workerd.mjs'
import { openInspector } from './profile/inspector.mjs'
import { selfTimes } from './profile/self-times.mjs'

const lines = 40

/** `what`: presign, get, list, base64 or form; `count`: how many requests are sampled. */
export async function run([what = 'presign', count = '1500']) {
  const inspectorPort = await freePort()
  const gateway = await startGateway({ inspectorPort })
  try {
    const of = gatewayRequests(await gateway.keyFor('acme'))
    const make = await requestsOf(gateway, of, what)
    if (make === undefined) throw new Error(`no such request: ${what}`)
    const many = { count: Number(count), connections: what === 'base64' || what === 'form' ? 1 : 4 }
    await load(gateway.url, { ...many, count: Math.ceil(many.count / 5) }, make)
    const { ask, close } = await openInspector(inspectorPort, 'core:user:bench')
    await ask('Profiler.enable')
    await ask('Profiler.setSamplingInterval', { interval: 100 })
    await ask('Profiler.start')
    await load(gateway.url, many, make)
    const { profile } = await ask('Profiler.stop')
    close()
    const { busyMs, functions } = selfTimes(profile)
    console.log(`${what}: ${(busyMs / many.count).toFixed(3)} ms a request, by the clock\n`)
    const rows = functions
      .slice(0, lines)
      .map(({ name, ms }) => [`${((ms / busyMs) * 100).toFixed(1)} %`, (ms / many.count).toFixed(4), name])
    console.log(tableOf(['self time', 'ms a request', 'function, and the natives it called'], rows))
  } finally {
    await gateway.stop()
  }
}

async function requestsOf(gateway, of, what) {
  const [small, large, form] = [base64Bodies(1024), base64Bodies(7 * mib), formBodies(50 * mib)]
  const [{ fileId }] = await answersTo(gateway, 60, () => of.upload(small()))
  const makes = {
    presign: of.presign,
    get: () => of.get(fileId),
    list: () => of.page(),
    base64: () => of.upload(large()),
    form: () => of.form(form()),
  }
  return makes[what]
}
