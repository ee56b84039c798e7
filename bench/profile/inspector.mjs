/** Talks with the inspector of `isolate` in the workerd that has it open on `port`. */
export async function openInspector(port, isolate) {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json()
  const target = targets.find(({ id }) => id === isolate)
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }))
  const waiting = new Map()
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data)
    waiting.get(id)?.(result)
  }
  let calls = 0
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve)
      socket.send(JSON.stringify({ id: calls, method, params }))
    })
  return { ask, close: () => socket.close() }
}
