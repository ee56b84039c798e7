import { load } from './load.mjs'
import { cpuMsOf, residentMiBUnder } from './process.mjs'
import { median, quantile } from './statistics.mjs'

/** /proc counts in steps of 10 ms, so a round should use this much CPU. */
const roundCpuMs = 500
/** For what a server does after its answers. */
const restMs = 60

/**
 * Measures `sides` in interleaved rounds (A B C, A B C, …), so that other load on the machine slows all of them. A side is
 * `{ server: { url, pid }, make, prepare, warm, least, most }`: `make` gives the next request, from what `prepare(count)`
 * answered if there is such a function; `warm` requests come before the first round, which say how many a round needs:
 * from `least` to `most`.
 *
 * Answers for each side, by its name: CPU ms a request of the server's process tree and requests per second, medians of the
 * rounds; `p50` and `p99` in ms over all rounds; resident memory in MiB at the end.
 */
export async function measure(sides, { connections, rounds }) {
  const counts = {}
  const results = {}
  for (const [name, side] of Object.entries(sides)) {
    const { warm = 300, least = 1, most = 400 } = side
    const { cpu } = await runRound(side, Math.max(warm, connections), connections)
    counts[name] = Math.max(connections, least, Math.min(most, Math.ceil(roundCpuMs / Math.max(cpu, 0.1))))
    results[name] = []
  }
  for (let round = 0; round < rounds; round++)
    for (const [name, side] of Object.entries(sides))
      results[name].push(await runRound(side, counts[name], connections))
  return Object.fromEntries(
    Object.entries(results).map(([name, done]) => [name, summaryOf(done, sides[name].server)]),
  )
}

async function runRound({ server, make, prepare }, count, connections) {
  const prepared = await prepare?.(count)
  const before = cpuMsOf(server.pid)
  const { times, seconds } = await load(server.url, { count, connections }, (index) =>
    make(prepared === undefined ? index : prepared[index]),
  )
  await new Promise((resolve) => setTimeout(resolve, restMs))
  return { times, rate: count / seconds, cpu: (cpuMsOf(server.pid) - before) / count }
}

function summaryOf(rounds, { pid }) {
  const times = rounds.flatMap((round) => round.times)
  return {
    cpu: median(rounds.map(({ cpu }) => cpu)),
    rate: median(rounds.map(({ rate }) => rate)),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    memory: residentMiBUnder(pid),
  }
}
