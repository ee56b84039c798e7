import { readdirSync, readFileSync } from 'node:fs'
import { heapOf } from './heap.mjs'

/**
 * The memory of the processes below the process `root`, in MiB; null where there is no /proc.
 *
 * `runtime` is the workerd that runs the gateway and, beside it, Miniflare's D1, R2 and caches; `node` the processes of
 * npm and start.mjs together: resident.
 * `heap` and `buffers` are the gateway's own isolate: its JavaScript heap and its ArrayBuffers, garbage included;
 * null when it did not tell in time. An isolate on Cloudflare has 128 MiB for both.
 */
export async function memoryOf(root, inspectorPort) {
  const processes = readProcesses()
  if (processes === null) return null
  const below = new Set([root])
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const { id, parent } of processes) if (below.has(parent)) below.add(id)
  }
  const memory = { runtime: 0, node: 0, heap: null, buffers: null }
  for (const { id, name, residentKib } of processes)
    if (below.has(id)) memory[name.startsWith('workerd') ? 'runtime' : 'node'] += residentKib / 1024
  return { ...memory, ...(await heapOf(inspectorPort)) }
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
      return [
        {
          id: Number(name),
          parent: Number(value('PPid')),
          name: value('Name') ?? '',
          residentKib: Number(value('VmRSS') ?? 0),
        },
      ]
    } catch {
      // The process ended meanwhile.
      return []
    }
  })
}
