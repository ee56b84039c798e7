import { describe, expect, it } from 'vitest'
import { chunksOf } from '../../../src/core/contents/chunks'

/** A stream of `pieces`, as a store sends an object, and how much memory each read of it had. */
function stored(pieces: readonly Uint8Array[]) {
  const rooms: number[] = []
  const left = [...pieces]
  const source = {
    type: 'bytes',
    pull(controller: ReadableByteStreamController) {
      const request = controller.byobRequest
      rooms.push(request?.view?.byteLength ?? 0)
      const piece = left.shift()
      if (piece !== undefined) return controller.enqueue(piece)
      controller.close()
      request?.respond(0)
    },
  }
  // The platform's types know no source of bytes.
  const stream = new ReadableStream(source as unknown as UnderlyingSource<Uint8Array>)
  return { stream, rooms }
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const bytes: number[] = []
  for await (const chunk of chunks) bytes.push(...chunk)
  return bytes
}

const bytes = Uint8Array.from({ length: 5000 }, (_, at) => at % 251)

describe('chunksOf', () => {
  it.each([
    ['as many as are expected', 5000],
    ['more than are expected', 1000],
    ['fewer than are expected', 9000],
    ['bytes where none are expected', 0],
  ])('yields all bytes: %s', async (_, expected) => {
    const { stream } = stored([bytes.slice(0, 1234), bytes.slice(1234)])
    expect(await collected(chunksOf(stream, expected))).toEqual([...bytes])
  })

  it('takes no more memory than for the bytes that are expected', async () => {
    const { stream, rooms } = stored([bytes.slice()])
    await collected(chunksOf(stream, 5000))
    expect(Math.max(...rooms)).toBe(5000)
  })
})
