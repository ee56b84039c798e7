import { describe, expect, it } from 'vitest'
import { peek } from '../../../src/core/contents/peek'

/** Three chunks of two bytes, and whether they were ended. */
function chunksOfTwo() {
  const state = { isEnded: false, given: 0 }
  async function* generate(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < 3; at++) {
        state.given++
        yield Uint8Array.of(2 * at, 2 * at + 1)
      }
    } finally {
      state.isEnded = true
    }
  }
  return { state, chunks: generate() }
}

describe('a look at the first bytes', () => {
  it('takes no more chunks than it needs, and all bytes come again', async () => {
    const { state, chunks } = chunksOfTwo()
    const { sample, all } = await peek(chunks, 3)
    expect([...sample]).toEqual([0, 1, 2])
    expect(state.given).toBe(2)
    const again: number[] = []
    for await (const chunk of all) again.push(...chunk)
    expect(again).toEqual([0, 1, 2, 3, 4, 5])
    expect(state.isEnded).toBe(true)
  })

  it.each([0, 1])('ends what it reads from when the rest is left after %d chunks', async (read) => {
    const { state, chunks } = chunksOfTwo()
    const { all } = await peek(chunks, 1)
    for (let at = 0; at < read; at++) await all.next()
    expect(state.isEnded).toBe(false)
    await all.return(undefined)
    expect(state.isEnded).toBe(true)
    expect((await all.next()).done).toBe(true)
  })
})
