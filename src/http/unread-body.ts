import type { MiddlewareHandler } from 'hono'
import { contentLengthOf, isReadWhole, readStream } from './body-reader'
import type { HttpEnv } from './context'
import { formEnvelopeMaxBytes } from './read-form'

/** More than the largest form and JSON body that the gateway accepts by default. */
const dropBytesMin = 64 * 1024 ** 2
const dropMaxMs = 60_000
/** How long the Worker waits for a client that has fallen silent. */
const silenceMs = 5_000
/** The same for a client that sent `Expect: 100-continue`, which may be waiting for the answer. */
const silenceAfterExpectMs = 1_000

/**
 * Reads what a handler left of a request's body, and drops it, before the answer goes out. Many clients send all of their
 * body before they read the answer. If it were not read, the runtime would cut their connection, and a proxy in between
 * would answer 500 or 502 in place of the gateway.
 *
 * Gives up, and sends `Connection: close`, when more than 64 MiB (or the largest form, if that is more) are left, after a
 * minute, or when the client falls silent.
 */
export const dropUnreadBody: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const request = c.req.raw
  await next()
  if (request.body === null || isReadWhole(request)) return
  const { formUploadMaxBytes } = c.get('gateway').limits
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
    // The client hung up or fell silent.
  }
  return false
}
