/** Few large reads: with the default 4 KB chunks, handing them over costs more than searching them. */
const readBytes = 256 * 1024
/** How far back a good place to cut is looked for. */
const cutSearchBytes = 4096
const carriageReturn = 13

/**
 * A form's body in large chunks, each valid until the one after the next is asked for: two pieces of memory
 * are used in turn. A chunk never ends inside a delimiter line (`\r\n--boundary` and the `\r\n` or `--` after
 * it): multipasta 0.2.8 misreads a form that is cut between these last two bytes.
 */
export type FormChunks = {
  /** null at the end. Rejects when the body ends early. */
  next(): Promise<Uint8Array | null>
  /** Says that somebody still refers to the last chunk: its memory is not used again. */
  keepLast(): void
  cancel(): Promise<void>
}

export function createFormChunks(
  body: ReadableStream<Uint8Array>,
  options: { boundary: string; expectedBytes: number | null; chunkBytes?: number },
): FormChunks {
  const reader = body.getReader({ mode: 'byob' })
  const delimiter = new TextEncoder().encode(`\r\n--${options.boundary}`)
  const isOfDelimiter = new Uint8Array(256)
  for (const byte of delimiter) isOfDelimiter[byte] = 1
  const fullSize = options.chunkBytes ?? readBytes
  // One more than is expected, so that one read sees the end.
  const size = Math.min(fullSize, (options.expectedBytes ?? fullSize) + 1) + delimiter.length + 4
  let current = new Uint8Array(size)
  let other: Uint8Array<ArrayBuffer> | null = null
  let carried = 0
  let ended = false

  return {
    async next() {
      if (ended) return null
      const room = size - carried
      const { value, done } = await reader.readAtLeast(room, new Uint8Array(current.buffer, carried, room))
      ended = done || value === undefined || value.length < room
      if (value === undefined) return null
      const filled = carried + value.length
      const chunk = new Uint8Array(value.buffer, 0, filled)
      const cut = ended ? filled : cutOf(chunk, delimiter, isOfDelimiter)
      const next: Uint8Array<ArrayBuffer> = other ?? new Uint8Array(ended ? 0 : size)
      next.set(chunk.subarray(cut))
      carried = filled - cut
      other = new Uint8Array(value.buffer)
      current = next
      return chunk.subarray(0, cut)
    },

    keepLast() {
      other = null
    },

    async cancel() {
      await reader.cancel().catch(() => {})
    },
  }
}

/**
 * Where to cut `chunk`: best after a byte that is in no delimiter line, which is nearly always at or just before
 * its end, and where the parser has nothing to keep of it. Otherwise before what may be the beginning of one.
 */
function cutOf(chunk: Uint8Array, delimiter: Uint8Array, isOfDelimiter: Uint8Array): number {
  const least = Math.max(0, chunk.length - cutSearchBytes)
  for (let cut = chunk.length; cut > least; cut--) if (isOfDelimiter[chunk[cut - 1] ?? 0] === 0) return cut
  for (let at = Math.max(0, chunk.length - delimiter.length - 1); at < chunk.length; at++)
    if (chunk[at] === carriageReturn && beginsAt(chunk, at, delimiter)) return at
  return chunk.length
}

function beginsAt(chunk: Uint8Array, at: number, delimiter: Uint8Array): boolean {
  const length = Math.min(delimiter.length, chunk.length - at)
  for (let index = 0; index < length; index++) if (chunk[at + index] !== delimiter[index]) return false
  return true
}
