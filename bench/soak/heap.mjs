import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const mebibyte = 1024 ** 2
const timeoutMs = 2000
const gatewayIsolate = 'core:user:slipway'
/**
 * Among the ports that workerd listens on: under `wrangler dev` it opens two for requests, the inspector's, and one
 * for debugging, which logs an HTTP request as a broken message and so must not be tried.
 */
const inspectorPosition = 2

/**
 * The gateway's own isolate in the workerd `pid`: its JavaScript heap and its ArrayBuffers in MiB, garbage included;
 * null when it does not tell in time. Asked by the inspector's protocol, whose port only workerd knows.
 */
export async function heapOf(pid) {
  const port = listeningPorts(pid)[inspectorPosition]
  const usage = await heapUsage(`ws://127.0.0.1:${port}/${gatewayIsolate}`).catch(() => null)
  return usage && { heap: usage.usedSize / mebibyte, buffers: usage.backingStorageSize / mebibyte }
}

/**
 * In the order in which they were opened. proc(5): of `net/tcp`, the local address, the state (0A: listening) and
 * the inode, which is a socket of the process.
 */
function listeningPorts(pid) {
  const ports = new Map(
    readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === '0A')
      .map(([, address, , , , , , , , inode]) => [inode, Number.parseInt(address.split(':')[1], 16)]),
  )
  return readdirSync(`/proc/${pid}/fd`)
    .sort((a, b) => a - b)
    .flatMap((fd) => ports.get(inodeOf(`/proc/${pid}/fd/${fd}`)) ?? [])
}

function inodeOf(link) {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1]
  } catch {
    // It was closed meanwhile.
    return undefined
  }
}

async function heapUsage(url) {
  const socket = new WebSocket(url)
  let deadline
  try {
    return await new Promise((resolve, reject) => {
      const fail = () => reject(new Error('no answer'))
      deadline = setTimeout(fail, timeoutMs)
      socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }))
      socket.onerror = fail
      socket.onmessage = ({ data }) => {
        const { id, result } = JSON.parse(data)
        if (id === 1) resolve(result)
      }
    })
  } finally {
    clearTimeout(deadline)
    socket.close()
  }
}
