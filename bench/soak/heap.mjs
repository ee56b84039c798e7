const mebibyte = 1024 ** 2
const timeoutMs = 2000
const gatewayIsolate = 'core:user:slipway'
/**
 * Asks the inspector at `port` for the memory of the gateway's isolate: its JavaScript heap and its ArrayBuffers in MiB,
 * garbage included; null when it does not answer in time.
 */
export async function heapOf(port) {
  const usage = await heapUsage(`ws://127.0.0.1:${port}/${gatewayIsolate}`).catch(() => null)
  return usage && { heap: usage.usedSize / mebibyte, buffers: usage.backingStorageSize / mebibyte }
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
