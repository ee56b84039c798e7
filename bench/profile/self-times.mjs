/**
 * Of a CPU profile: the milliseconds that are not idle, and those of each function, the longest first. Native functions
 * count to the function of the script that called them, and are named beside it.
 */
export function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const times = new Map()
  let busyMs = 0
  for (const [at, id] of samples.entries()) {
    const natives = []
    let node = byId.get(id)
    for (; node !== undefined && node.callFrame.url === ''; node = byId.get(parents.get(node.id)))
      natives.unshift(node.callFrame.functionName)
    if (natives.some((name) => name === '(idle)' || name === '(program)')) continue
    const caller = node === undefined ? '(the runtime)' : nameOf(node.callFrame)
    const name = [caller, ...natives.filter((native) => native !== '' && native !== '(root)')].join(' > ')
    const ms = timeDeltas[at] / 1000
    busyMs += ms
    times.set(name, (times.get(name) ?? 0) + ms)
  }
  const functions = [...times].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms)
  return { busyMs, functions }
}

function nameOf({ functionName, url, lineNumber }) {
  return `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}`
}
