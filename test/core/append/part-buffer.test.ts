import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPartBuffer } from '../../../src/core/append/part-buffer'

const bytes = (...values: number[]) => new Uint8Array(values)

describe('createPartBuffer', () => {
  it('takes bytes by their offsets in the upload, in any order', () => {
    const buffer = createPartBuffer(100, 106, 106)
    expect(buffer.from).toBe(100)
    buffer.set(bytes(4, 5, 6), 103)
    buffer.set(bytes(1, 2, 3), 100)
    expect(buffer.slice(100, 106)).toEqual(bytes(1, 2, 3, 4, 5, 6))
    expect(buffer.slice(102, 104)).toEqual(bytes(3, 4))
    expect(buffer.slice(106, 106)).toEqual(bytes())
  })

  it('takes a copy, and gives none away', () => {
    const buffer = createPartBuffer(0, 3, 3)
    const chunk = bytes(1, 2, 3)
    buffer.set(chunk, 0)
    chunk.fill(9)
    expect(buffer.slice(0, 3)).toEqual(bytes(1, 2, 3))
    expect(buffer.slice(0, 2).buffer).toBe(buffer.slice(1, 3).buffer)
  })

  it('has room for what was announced, and for the limit once more comes', () => {
    const buffer = createPartBuffer(10, 12, 20)
    buffer.set(bytes(1, 2), 10)
    expect(buffer.slice(10, 12).buffer.byteLength).toBe(2)
    buffer.set(bytes(3), 12)
    expect(buffer.slice(10, 13)).toEqual(bytes(1, 2, 3))
    expect(buffer.slice(10, 13).buffer.byteLength).toBe(10)
    buffer.set(bytes(4, 5, 6, 7, 8, 9, 10), 13)
    expect(buffer.slice(10, 20)).toEqual(bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
  })

  it('takes nothing beyond the limit, or before its beginning', () => {
    const buffer = createPartBuffer(10, 12, 14)
    expect(() => buffer.set(bytes(1), 14)).toThrow(RangeError)
    expect(() => buffer.set(bytes(1, 2), 13)).toThrow(RangeError)
    expect(() => buffer.set(bytes(1), 9)).toThrow(RangeError)
  })

  it('has all bytes that were written, however they were cut and however much was announced', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(1000),
        fc.nat(200),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (all, from, announced, cuts) => {
          const to = from + all.length
          const buffer = createPartBuffer(from, from + Math.min(announced, all.length), to)
          for (let at = 0, cut = 0; at < all.length; cut++) {
            const next = at + (cuts[cut % cuts.length] ?? 1)
            buffer.set(all.subarray(at, next), from + at)
            at = next
          }
          expect(buffer.slice(from, to)).toEqual(new Uint8Array(all))
        },
      ),
    )
  })
})
