import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseByteRange } from '../../src/http/byte-range'

const sizes = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 5 * 1024 ** 4 }))
const positions = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 999_999_999_999_999 }))

describe('parseByteRange', () => {
  it.each([
    ['bytes=0-0', 10, { offset: 0, length: 1 }],
    ['bytes=2-4', 10, { offset: 2, length: 3 }],
    ['bytes=2-', 10, { offset: 2, length: 8 }],
    ['bytes=-3', 10, { offset: 7, length: 3 }],
    ['bytes=-30', 10, { offset: 0, length: 10 }],
    ['bytes=9-9', 10, { offset: 9, length: 1 }],
    ['bytes=5-100', 10, { offset: 5, length: 5 }],
    [' bytes=0-1 ', 10, { offset: 0, length: 2 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=4-2', 10, null],
    ['bytes=-', 10, null],
    ['bytes=', 10, null],
    ['bytes=a-b', 10, null],
    ['bytes=+1-2', 10, null],
    ['bytes=1 - 2', 10, null],
    ['items=0-1', 10, null],
    ['0-1', 10, null],
    ['', 10, null],
    [undefined, 10, null],
  ] as const)('reads %j of %d bytes', (header, byteSize, expected) => {
    expect(parseByteRange(header, byteSize)).toEqual(expected)
  })

  it('CVE-2026-33658: takes a header with more than one range for none', () => {
    const range = fc.oneof(
      fc.tuple(positions, positions).map(([a, b]) => `${a}-${b}`),
      positions.map((a) => `${a}-`),
      positions.map((a) => `-${a}`),
    )
    fc.assert(
      fc.property(fc.array(range, { minLength: 2, maxLength: 20 }), sizes, (ranges, byteSize) => {
        expect(parseByteRange(`bytes=${ranges.join(',')}`, byteSize)).toBeNull()
        expect(parseByteRange(`bytes=${ranges.join(', ')}`, byteSize)).toBeNull()
      }),
    )
  })

  it('CVE-2026-33174: never names a byte that is not there, however large the numbers', () => {
    expect(parseByteRange('bytes=0-999999999999999', 10)).toEqual({ offset: 0, length: 10 })
    expect(parseByteRange(`bytes=0-${'9'.repeat(400)}`, 10)).toBeNull()
    expect(parseByteRange(`bytes=${'9'.repeat(400)}-`, 10)).toBeNull()
    const header = fc.oneof(
      fc.tuple(positions, positions).map(([a, b]) => `bytes=${a}-${b}`),
      positions.map((a) => `bytes=${a}-`),
      positions.map((a) => `bytes=-${a}`),
      fc.string(),
      fc.stringMatching(/^bytes=[\d,-]{0,30}$/),
    )
    fc.assert(
      fc.property(header, sizes, (text, byteSize) => {
        const range = parseByteRange(text, byteSize)
        if (range === null || range === 'unsatisfiable') return
        expect(range.offset).toBeGreaterThanOrEqual(0)
        expect(range.length).toBeGreaterThanOrEqual(1)
        expect(range.offset + range.length).toBeLessThanOrEqual(byteSize)
      }),
    )
  })

  it('means the bytes that slicing means', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), positions, positions, (byteSize, a, b) => {
        const bytes = Array.from({ length: byteSize }, (_, at) => at)
        const taken = (header: string) => {
          const range = parseByteRange(header, byteSize)
          return range === null || range === 'unsatisfiable'
            ? []
            : bytes.slice(range.offset, range.offset + range.length)
        }
        const [first, last] = a <= b ? [a, b] : [b, a]
        expect(taken(`bytes=${first}-${last}`)).toEqual(bytes.slice(first, last + 1))
        expect(taken(`bytes=${first}-`)).toEqual(bytes.slice(first))
        expect(taken(`bytes=-${last}`)).toEqual(last === 0 ? [] : bytes.slice(-last))
      }),
    )
  })
})
