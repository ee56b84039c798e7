import { connect } from 'node:net'

/** A request as bytes: `body` may be any length, and is sent in chunked encoding where `isChunked`. */
export type BlindRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer
  isChunked?: boolean
}

/**
 * Sends a request over a connection of its own, all of it, before it looks at what comes back, as many HTTP
 * clients do. Resolves with the status and the text of the answer; the status is 0 when there was none.
 */
export function sendBlindly(
  origin: string,
  request: BlindRequest,
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(origin)
  const { method, path, headers, body, isChunked = false } = request
  const length = isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) }
  const lines = Object.entries({ host: `${hostname}:${port}`, connection: 'close', ...length, ...headers })
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', '']
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let text = ''
    let error = ''
    socket.setEncoding('latin1')
    socket.pause()
    socket.on('error', ({ message }) => {
      error = message
    })
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3}) (?!Continue)/m.exec(text)?.[1] ?? 0)
      resolve({ status, text: `${text}${error}` })
    })
    socket.write(head.join('\r\n'))
    if (isChunked) socket.write(`${body.length.toString(16)}\r\n`)
    socket.write(body)
    socket.write(isChunked ? '\r\n0\r\n\r\n' : '', () => {
      socket.on('data', (piece) => {
        text += piece
      })
      socket.resume()
    })
  })
}
