import { Agent, request } from 'node:http'

const shared = new Agent({ keepAlive: true })

/**
 * Sends a request with Content-Length, as every client with a file does; `body` is a text, bytes or an array of them.
 * Resolves to status, headers and text, whatever the status.
 */
export function send(url, { method = 'GET', headers = {}, body = [] } = {}, agent = shared) {
  const pieces = [body].flat()
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)
  const withLength =
    method === 'GET' || method === 'HEAD' ? headers : { ...headers, 'content-length': length }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: withLength, agent }, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('error', reject)
      const { statusCode: status, headers } = answer
      answer.on('end', () => resolve({ status, headers, text: Buffer.concat(chunks).toString() }))
    })
    outgoing.on('error', reject)
    for (const piece of pieces) outgoing.write(piece)
    outgoing.end()
  })
}

/** Lets go of the connections that are kept. */
export function closeConnections() {
  shared.destroy()
}
