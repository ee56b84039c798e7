import { fail, GatewayError } from '../core/errors'
import { withTimeLimit } from '../core/time-limit'

/**
 * How much is read at once: little while a connection has sent nothing, and soon much. Passing 4 KB chunks around costs
 * more than decoding or searching them.
 */
const defaultReadBytes = { min: 16 * 1024, max: 384 * 1024 }
/**
 * Once a client has sent this much, and fast enough, a read waits for as much again, so that small chunks are not passed
 * on one by one. From any other client a read takes what has arrived, so that slowness is not taken for silence.
 */
const waitBytes = 64 * 1024
const fastBytesPerMs = 64

/** How long a client may send nothing. */
const silenceMaxMs = 30_000
/** After this time a body must have arrived at a minimum pace, so that a client cannot keep it open with a byte now and then. */
const paceGraceMs = 60_000
const paceMinBytesPerMs = 1

/** A body as it arrives. */
export type BodyReader = {
  /**
   * The next bytes, valid until the next call; null at the end. They begin with the last `keep` bytes of the
   * previous chunk. Throws `body_timed_out` when the client falls silent, `invalid_request` when it hangs up.
   */
  next(keep?: number): Promise<Uint8Array | null>
  /** Stops reading. Another reader can read the rest. */
  release(): void
}

export type ReadOptions = { silenceMs?: number; readBytes?: { min: number; max: number } }

/**
 * Reads `stream` in chunks of up to 16 KiB at first, and of up to 384 KiB once one was full. `next` throws when the client
 * sends nothing for `silenceMs` (30 s), or less than 1 KB/s for longer than a minute.
 */
export function readStream(
  stream: ReadableStream<Uint8Array>,
  { silenceMs = silenceMaxMs, readBytes = defaultReadBytes }: ReadOptions = {},
): BodyReader {
  const reader = stream.getReader({ mode: 'byob' })
  const openedAt = Date.now()
  let chunk = new Uint8Array()
  let room = readBytes.min
  let received = 0
  let isOver = false

  const read = async (target: Uint8Array<ArrayBuffer>) => {
    const elapsedMs = Date.now() - openedAt
    const isFast = received >= Math.max(waitBytes, elapsedMs * fastBytesPerMs)
    // Reading detaches the memory of `target`.
    const targetBytes = target.length
    const least = isFast ? Math.min(waitBytes, targetBytes) : 1
    const graceMs = paceGraceMs + received / paceMinBytesPerMs - elapsedMs
    const limitMs = Math.max(0, Math.min(silenceMs, graceMs))
    const { value, done } = await withTimeLimit(limitMs, () => reader.readAtLeast(least, target), timedOut)
    if (value?.length === targetBytes) room = readBytes.max
    isOver = done || value === undefined || value.length < least
    return value
  }

  return {
    async next(keep = 0) {
      if (isOver) return null
      const kept = chunk.subarray(chunk.length - keep)
      const size = Math.max(room, keep + readBytes.min)
      const buffer = chunk.buffer.byteLength >= size ? new Uint8Array(chunk.buffer) : new Uint8Array(size)
      buffer.set(kept)
      try {
        const value = await read(buffer.subarray(keep))
        if (value === undefined || value.length === 0) return null
        received += value.length
        chunk = new Uint8Array(value.buffer, 0, keep + value.length)
        return chunk
      } catch (error) {
        isOver = true
        if (!(error instanceof GatewayError)) cutOff(error)
        // Only this ends a read that is still waiting.
        reader.cancel(error).catch(() => {})
        throw error
      }
    },

    release() {
      isOver = true
      reader.releaseLock()
    },
  }
}

/** Requests of whose bodies every byte has been read. */
const readWhole = new WeakSet<Request>()

/** Whether `readBody` has read every byte of the body of `request`, as far as its Content-Length says. */
export function isReadWhole(request: Request): boolean {
  return readWhole.has(request)
}

/**
 * Reads the body of `request`, of at most `maxBytes`. A body has as many bytes as its Content-Length says (RFC 9112, section
 * 6.3), so that no read and no timer is spent on its end. Throws `content_too_large`, naming `limitBytes`: before reading if
 * the Content-Length is larger, otherwise as soon as more has arrived.
 */
export function readBody(
  request: Request,
  { maxBytes, limitBytes = maxBytes, ...how }: { maxBytes: number; limitBytes?: number } & ReadOptions,
): BodyReader {
  const tooLarge = () => fail({ code: 'content_too_large', limitBytes })
  const declared = contentLengthOf(request)
  if ((declared ?? 0) > maxBytes) tooLarge()
  if (request.body === null) return { next: async () => null, release() {} }
  const { readBytes = defaultReadBytes } = how
  const most = (bytes: number) => (declared ? Math.min(declared, bytes) : bytes)
  const reader = readStream(request.body, {
    ...how,
    readBytes: { min: most(readBytes.min), max: most(readBytes.max) },
  })
  let received = 0
  return {
    async next(keep = 0) {
      if (received === declared) return null
      const chunk = await reader.next(keep)
      received += chunk === null ? 0 : chunk.length - keep
      if (received > maxBytes) tooLarge()
      if (received === declared) readWhole.add(request)
      return chunk
    },
    release: () => reader.release(),
  }
}

/** The Content-Length in bytes; null when there is none, or it is no number. */
export function contentLengthOf(request: Request): number | null {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null
}

function timedOut(cause: Error): GatewayError {
  return new GatewayError({ code: 'body_timed_out' }, { cause })
}

function cutOff(cause: unknown): never {
  fail({ code: 'invalid_request', issues: [{ field: '', message: 'the body ended early' }] }, cause)
}
