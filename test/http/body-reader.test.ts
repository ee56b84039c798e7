import { describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../../src/core/errors'
import { readBody, readStream } from '../../src/http/body-reader'
import { bytesOf } from '../storage/object-store-contract'

/** A body that its test sends, and the request that has it. */
function upload(headers: Record<string, string> = {}) {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  const request = new Request('https://gateway.example.com/', { method: 'POST', body: readable, headers })
  // A client that is given up is told so.
  const send = (bytes: Uint8Array) => void writer.write(bytes).catch(() => {})
  return { request, body: request.body as ReadableStream<Uint8Array>, send, close: () => void writer.close() }
}

/** The code of the failure that `reading` ends with, or what it gives. */
function codeOf(reading: Promise<unknown>): Promise<unknown> {
  return reading.catch((error) => (error instanceof GatewayError ? error.failure.code : error))
}

async function lengthOf(reader: { next(): Promise<Uint8Array | null> }): Promise<number> {
  let length = 0
  for (let chunk = await reader.next(); chunk !== null; chunk = await reader.next()) length += chunk.length
  return length
}

describe('a body', () => {
  it('that is silent for 30 s is ended, whether anything came or not', async () => {
    vi.useFakeTimers()
    for (const sent of [0, 10, 100_000]) {
      const { body, send } = upload()
      const reader = readStream(body)
      if (sent > 0) send(bytesOf(sent))
      let left = sent
      while (left > 0) left -= (await reader.next())?.length ?? 0
      const next = codeOf(reader.next())
      await vi.advanceTimersByTimeAsync(29_999)
      expect(await Promise.race([next, 'waiting'])).toBe('waiting')
      await vi.advanceTimersByTimeAsync(1)
      expect(await next).toBe('body_timed_out')
      expect(await reader.next()).toBeNull()
      reader.release()
      expect(body.locked).toBe(false)
    }
  })

  it('that is slow and not silent is read', async () => {
    vi.useFakeTimers()
    const { body, send, close } = upload()
    const reader = readStream(body)
    for (const bytes of [100, 1, 1, 10_000, 1, 16_000, 1]) {
      const next = codeOf(reader.next())
      await vi.advanceTimersByTimeAsync(11_000)
      send(bytesOf(bytes))
      expect(await next).toHaveLength(bytes)
    }
    close()
    expect(await reader.next()).toBeNull()
  })

  it('that comes a byte now and then is ended after a minute', async () => {
    vi.useFakeTimers()
    const { body, send } = upload()
    const reader = readStream(body)
    const outcomes: unknown[] = []
    for (let count = 0; count < 4; count++) {
      const next = codeOf(reader.next())
      await vi.advanceTimersByTimeAsync(25_000)
      send(Uint8Array.of(1))
      const outcome = await next
      outcomes.push(outcome instanceof Uint8Array ? outcome.length : outcome)
    }
    expect(outcomes).toEqual([1, 1, 'body_timed_out', null])
  })

  it('that is cut off is a bad request', async () => {
    let pulls = 0
    const body: ReadableStream<Uint8Array> = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (pulls++ > 0) controller.error(new Error('Network connection lost.'))
        else controller.enqueue(bytesOf(10))
      },
    })
    const reader = readStream(body)
    expect(await reader.next()).toHaveLength(10)
    expect(await codeOf(reader.next())).toBe('invalid_request')
    reader.release()
    expect(body.locked).toBe(false)
  })

  it('costs little memory until as much has come', async () => {
    const { body, send } = upload()
    const reader = readStream(body)
    send(bytesOf(10))
    expect((await reader.next())?.buffer.byteLength).toBeLessThanOrEqual(16 * 1024)
  })

  it('over the limit is refused, with a Content-Length before it is read', async () => {
    const announced = upload({ 'content-length': '101' })
    expect(() => readBody(announced.request, { maxBytes: 100 })).toThrow('content_too_large')
    expect(announced.request.bodyUsed).toBe(false)

    for (const [sent, outcome] of [
      [100, 100],
      [101, 'content_too_large'],
    ] as const) {
      const { request, send, close } = upload()
      send(bytesOf(sent))
      close()
      expect(await codeOf(lengthOf(readBody(request, { maxBytes: 100 })))).toBe(outcome)
    }
  })

  it('is read on by the next reader where the one before let go of it', async () => {
    const { body, send, close } = upload()
    send(bytesOf(100_000))
    close()
    const first = readStream(body)
    const begun = (await first.next())?.length ?? 0
    first.release()
    expect(await first.next()).toBeNull()
    expect(await lengthOf(readStream(body))).toBe(100_000 - begun)
  })

  it.each([
    [64, 64],
    [1, 7],
    [1000, 1000],
  ])('is handed on whole in chunks that keep the end of the one before (%i to %i)', async (min, max) => {
    const whole = bytesOf(5000)
    const reader = readStream(new Response(whole.slice()).body as ReadableStream<Uint8Array>, {
      readBytes: { min, max },
    })
    let read = 0
    for (let keep = 0, turn = 0; ; turn++) {
      const chunk = await reader.next(keep)
      if (chunk === null) break
      expect(chunk).toEqual(whole.subarray(read - keep, read - keep + chunk.length))
      read += chunk.length - keep
      keep = Math.min(chunk.length, (turn * 37) % 200)
    }
    expect(read).toBe(5000)
  })
})
