import { load } from './load.mjs'
import { startGateway } from './workerd.mjs'

/**
 * Runs the gateway so that it tells what it asks of D1 and of the store. `askedBy(make)` sends one request and resolves to
 * `{ text, headers, asked }` when its work after the answer is done too; `asked` is `{ trips, statements, rowsRead, rowsWritten,
 * store }`. Requests are to be sent one after the other. `sweepAsked(hours)` is the same of a sweep in so many hours.
 */
export async function startMeteredGateway() {
  let tell = () => {}
  const gateway = await startGateway({
    entryPoint: 'bench/lib/metered-worker.ts',
    onLog(message) {
      const event = message.startsWith('{') ? JSON.parse(message) : {}
      if (event.event === 'metered') tell(event)
    },
  })
  const askedBy = async (make) => {
    const told = new Promise((resolve) => {
      tell = resolve
    })
    const { texts, headers } = await load(gateway.url, { count: 1 }, make)
    return { text: texts[0], headers: headers[0], asked: await told }
  }
  const advance = (hours) =>
    load(gateway.url, { count: 1 }, () => ({ method: 'PUT', path: '/advance', body: String(hours) }))
  const sweepAsked = async (hours) => {
    await advance(hours)
    const { asked } = await askedBy(() => ({ path: '/cdn-cgi/local/scheduled' }))
    await advance(0)
    return asked
  }
  return { ...gateway, askedBy, sweepAsked }
}
