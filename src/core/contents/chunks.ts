import { fail } from '../errors'
import { withTimeLimit } from '../time-limit'

/** Few large reads: passing the default 4 KB chunks around costs more than hashing them. */
const readBytesMax = 384 * 1024

/** How long a store may take to send one chunk. */
const chunkLimitMs = 30_000

/**
 * The bytes of an object in large chunks, each of its own memory. `byteSize` is how many are expected: no more memory is
 * taken for them. Ends the stream when the loop is left early. Throws `store_failed` when the store breaks off or falls
 * silent.
 */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  byteSize = Infinity,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: 'byob' })
  let expected = byteSize
  let isDone = false
  try {
    while (!isDone) {
      // The end has no bytes, but no read has room for none.
      const readBytes = expected === 0 ? 1 : expected > 0 ? Math.min(readBytesMax, expected) : readBytesMax
      const { value, done } = await withTimeLimit(chunkLimitMs, () =>
        reader.readAtLeast(readBytes, new Uint8Array(readBytes)),
      ).catch((cause) => fail({ code: 'store_failed', operation: 'read' }, cause))
      isDone = done || value === undefined
      if (value === undefined || value.length === 0) continue
      expected -= value.length
      yield value
    }
  } finally {
    // Not awaited: a store that has fallen silent would not answer this either.
    if (!isDone) reader.cancel().catch(() => {})
  }
}

/** `chunks` as a stream that reads one only when its reader asks; `see` gets each chunk first. */
export function streamOf(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => Promise<void>,
): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await iterator.next()
        if (next.done) return controller.close()
        await see(next.value)
        controller.enqueue(next.value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  )
}
