/** Few large reads: with the default 4 KB chunks, handing them over costs more than hashing them. */
const readBytes = 384 * 1024

/** The bytes of `stream` in large chunks, each of its own memory. Ends the stream when the loop is left early. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: 'byob' })
  let isDone = false
  try {
    while (!isDone) {
      const { value, done } = await reader.readAtLeast(readBytes, new Uint8Array(readBytes))
      isDone = done || value === undefined
      if (value !== undefined && value.length > 0) yield value
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => {})
  }
}

/** `chunks` as a stream that reads one when it is asked for one; `see` is given each on its way. */
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
