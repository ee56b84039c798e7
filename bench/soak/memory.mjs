import { readdirSync, readFileSync } from 'node:fs'

const mebibyte = 1024 ** 2
const heapTimeoutMs = 5000
const gatewayIsolate = 'core:user:slipway'

/**
 * How much memory the processes below `root` (its id) hold, in MiB; null where there is no /proc.
 *
 * `runtime` is the workerd that runs the gateway and, beside it, Miniflare's D1, R2, caches and traces; `proxy` the
 * one that `wrangler dev` puts before it; `node` the processes of npm, start.mjs and wrangler together: resident.
 * `heap` and `buffers` are the gateway's own isolate: its JavaScript heap and its ArrayBuffers, garbage included;
 * null when it did not tell in time. An isolate on Cloudflare has 128 MiB for both.
 */
export async function memoryOf(root) {
  const processes = readProcesses()
  if (processes === null) return null
  const below = new Set([root])
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const { id, parent } of processes) if (below.has(parent)) below.add(id)
  }
  const memory = { runtime: 0, proxy: 0, node: 0, heap: null, buffers: null }
  let inspector = null
  for (const { id, name, residentKib, inspectorAddress } of processes) {
    if (!below.has(id)) continue
    const part = !name.startsWith('workerd') ? 'node' : inspectorAddress ? 'runtime' : 'proxy'
    memory[part] += residentKib / 1024
    inspector ??= inspectorAddress
  }
  const usage = inspector && (await heapUsage(inspector).catch(() => null))
  if (!usage) return memory
  return { ...memory, heap: usage.usedSize / mebibyte, buffers: usage.backingStorageSize / mebibyte }
}

function readProcesses() {
  let names
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return null
  }
  return names.flatMap((name) => {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      const value = (field) => new RegExp(`^${field}:\\s+(\\S+)`, 'm').exec(status)?.[1]
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      return [
        {
          id: Number(name),
          parent: Number(value('PPid')),
          name: value('Name') ?? '',
          residentKib: Number(value('VmRSS') ?? 0),
          inspectorAddress: /--inspector-addr=([\d.:]+)/.exec(command)?.[1] ?? null,
        },
      ]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
}

/** What the gateway's isolate says of itself, by the inspector's protocol. Collects nothing. */
function heapUsage(address) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${address}/${gatewayIsolate}`)
    const deadline = setTimeout(() => reject(new Error('no answer')), heapTimeoutMs)
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }))
    socket.onerror = reject
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data)
      if (id === 1) resolve(result)
    }
    // Whatever the outcome, nothing of this outlives the question.
    const end = () => {
      clearTimeout(deadline)
      socket.close()
    }
    socket.addEventListener('message', end)
    socket.addEventListener('error', end)
    setTimeout(end, heapTimeoutMs).unref()
  })
}
