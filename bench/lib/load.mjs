import { Agent } from 'node:http'
import { send } from './send.mjs'

/**
 * Sends `count` requests over `connections` connections that are kept. `make(index)` gives `{ method, path, headers, body }`.
 * Answers the milliseconds of each, the seconds of all, and the answers' texts and headers in the order of the requests. Throws
 * at an answer of 400 or above.
 */
export async function load(url, { count, connections = 1 }, make) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times = []
  const texts = []
  const headers = []
  let next = 0
  const begun = performance.now()
  const work = async () => {
    while (next < count) {
      const index = next++
      const { path, ...request } = make(index)
      const start = performance.now()
      const { status, text, headers: told } = await send(new URL(path, url), request, agent)
      times.push(performance.now() - start)
      if (status >= 400) throw new Error(`${request.method ?? 'GET'} ${path}: ${status} ${text}`)
      texts[index] = text
      headers[index] = told
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, work))
  } finally {
    agent.destroy()
  }
  return { times, texts, headers, seconds: (performance.now() - begun) / 1000 }
}
