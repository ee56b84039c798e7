/**
 * The first `byteSize` bytes of `chunks` (fewer when there are no more) as `sample`, and all bytes from the start as
 * `all`. A chunk is valid only until the next one is asked for. Leaving `all` early ends `chunks`.
 */
export async function peek(
  chunks: AsyncIterator<Uint8Array>,
  byteSize: number,
): Promise<{ sample: Uint8Array<ArrayBuffer>; all: AsyncGenerator<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array()
  for (;;) {
    const next = await chunks.next()
    if (next.done) break
    head = head.length === 0 ? next.value : concatenated(head, next.value)
    if (head.length >= byteSize) break
    // The next read may overwrite it.
    head = head.slice()
  }
  const sample = head.slice(0, byteSize)
  return { sample, all: endingWith(chunks, chain(head, chunks)) }
}

/** `return` on a generator that was never begun runs none of its code, so it would not end `chunks`. */
function endingWith(
  chunks: AsyncIterator<Uint8Array>,
  all: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const leave = all.return.bind(all)
  all.return = async (value) => {
    await chunks.return?.()
    return leave(value)
  }
  return all
}

async function* chain(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    for (;;) {
      const next = await rest.next()
      if (next.done) return
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}

function concatenated(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
