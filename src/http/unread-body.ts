import type { MiddlewareHandler } from 'hono'
import { contentLengthOf, readStream } from './body-reader'
import type { HttpEnv } from './context'
import { formEnvelopeMaxBytes } from './read-form'

/** More than the largest form and JSON body that the gateway takes unless it is configured otherwise. */
const dropBytesMin = 64 * 1024 ** 2
const dropMaxMs = 60_000
/** How long a client that has fallen silent is waited for. */
const silenceMs = 5_000
/** A client that asked whether to send its body may be waiting for the answer. */
const silenceAfterExpectMs = 1_000

/**
 * Reads what a handler left of a request's body, and drops it, before the answer goes out. A client that sends
 * all of its body before it looks for an answer would otherwise find its connection cut: the runtime cuts it,
 * and a proxy in between then answers 500 or 502 in place of what the gateway had to say.
 *
 * Gives up where more than 64 MiB, or than the largest form that is taken, are left, after a minute, and on a
 * client that falls silent; says so with `Connection: close`.
 */
export const dropUnreadBody: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const request = c.req.raw
  await next()
  if (request.body === null) return
  const { formUploadMaxBytes } = c.var.gateway.limits
  const bytesMax = Math.max(dropBytesMin, formUploadMaxBytes + formEnvelopeMaxBytes)
  if (!(await dropped(request, request.body, bytesMax))) c.header('Connection', 'close')
}

/** Whether nothing is left, once up to `bytesMax` have been read and dropped. */
async function dropped(
  request: Request,
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<boolean> {
  if (body.locked || (contentLengthOf(request) ?? 0) > bytesMax) return false
  const waits = request.headers.has('expect') && !request.bodyUsed
  const reader = readStream(body, { silenceMs: waits ? silenceAfterExpectMs : silenceMs })
  const deadline = Date.now() + dropMaxMs
  let dropped = 0
  try {
    while (dropped <= bytesMax && Date.now() < deadline) {
      const chunk = await reader.next()
      if (chunk === null) return true
      dropped += chunk.length
    }
  } catch {
    // It hung up, or fell silent: nothing more is coming.
  }
  return false
}
