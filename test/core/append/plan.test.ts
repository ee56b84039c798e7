import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appendableBytes,
  partCountMaxOfUnknown,
  partNumberAt as partNumberIn,
  planAppend,
} from '../../../src/core/append/plan'
import type { Limits } from '../../../src/core/gateway'
import { type AppendDelivery, comesInParts } from '../../../src/core/uploads/upload'

const mebibyte = 1024 ** 2
const tebibyte = 1024 ** 4
/** The largest object that a store takes. */
const appendMaxBytes = 5 * tebibyte
const limits = { appendMaxBytes } as Limits
const upload = (byteSize: number | null) => planAppend(byteSize, limits)

describe('planAppend', () => {
  it.each([
    ['no bytes', 0, 5, false],
    ['one byte', 1, 5, false],
    ['one part', 5 * mebibyte, 5, false],
    ['one byte more than a part', 5 * mebibyte + 1, 5, true],
    ['10 000 parts of 5 MiB, which is 48.8 GiB', 10_000 * 5 * mebibyte, 5, true],
    ['one byte more than that', 10_000 * 5 * mebibyte + 1, 6, true],
    ['10 000 parts of 6 MiB', 10_000 * 6 * mebibyte, 6, true],
    ['the most', appendMaxBytes, 525, true],
  ])('cuts %s', (_, byteSize, partMebibytes, isInParts) => {
    const planned = upload(byteSize)
    expect(planned.partBytes).toBe(partMebibytes * mebibyte)
    expect(comesInParts(planned)).toBe(isInParts)
    expect(Math.ceil(byteSize / planned.partBytes)).toBeLessThanOrEqual(10_000)
    expect(appendableBytes(planned)).toBe(byteSize)
  })

  it('cuts what is of unknown length into 8 MiB, up to 74 GiB', () => {
    const planned = upload(null)
    expect(planned).toMatchObject({ byteSize: null, partBytes: 8 * mebibyte })
    expect(comesInParts(planned)).toBe(true)
    expect(appendableBytes(planned)).toBe(9500 * 8 * mebibyte)
    expect(Math.floor(appendableBytes(planned) / 1024 ** 3)).toBe(74)
  })

  it('refuses a byte more than the most', () => {
    expect(() => upload(appendMaxBytes + 1)).toThrow(
      expect.objectContaining({
        failure: { code: 'upload_too_large', limitBytes: appendMaxBytes, byteSize: appendMaxBytes + 1 },
      }),
    )
  })

  it('begins at no bytes, in no multipart upload, for every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: appendMaxBytes }), (byteSize) => {
        const planned = upload(byteSize)
        expect(planned).toMatchObject({ method: 'append', byteSize, receivedBytes: 0, multipartId: null })
        expect(planned.partBytes % mebibyte).toBe(0)
        expect(planned.partBytes).toBeGreaterThanOrEqual(5 * mebibyte)
        expect(Math.ceil(byteSize / planned.partBytes)).toBeLessThanOrEqual(10_000)
      }),
    )
  })
})

describe('partNumberAt', () => {
  const surplus = { allowsSurplusParts: true }
  const partNumberAt = (of: AppendDelivery, offset: number, skipped: number) =>
    partNumberIn(of, offset, skipped, surplus)

  it('leaves out no number where a store wants all parts named', () => {
    const of = upload(30 * mebibyte)
    expect(partNumberIn(of, 25 * mebibyte, 3, { allowsSurplusParts: false })).toBe(6)
    expect(partNumberIn(of, 25 * mebibyte, 3, surplus)).toBe(9)
  })

  const sizes = fc.oneof(
    fc.integer({ min: 5 * mebibyte + 1, max: 64 * mebibyte }),
    fc.integer({ min: 5 * mebibyte + 1, max: appendMaxBytes }),
    fc.constant(null),
  )

  it('numbers from 1 on, one after the other', () => {
    const of = upload(30 * mebibyte)
    const numbers = [0, 5, 10, 15, 20, 25].map((at) => partNumberAt(of, at * mebibyte, 0))
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('leaves out a number for each part that may be in the store without being recorded', () => {
    const of = upload(30 * mebibyte)
    expect([0, 1, 2].map((skipped) => partNumberAt(of, 0, skipped))).toEqual([1, 2, 3])
    expect(partNumberAt(of, 25 * mebibyte, 2)).toBe(8)
  })

  it('is never the same for two parts, never falls, and is never more than the store takes, whatever is skipped', () => {
    const skips = fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.nat(30_000)), {
      minLength: 2,
      maxLength: 50,
    })
    fc.assert(
      fc.property(sizes, skips, (byteSize, steps) => {
        const of = upload(byteSize)
        const lastPart = Math.ceil(appendableBytes(of) / of.partBytes) - 1
        let [part, skipped, last] = [0, 0, 0]
        for (const [skips, parts] of steps) {
          skipped += skips
          const number = partNumberAt(of, part * of.partBytes, skipped)
          expect(number).toBeGreaterThan(last)
          expect(number).toBeLessThanOrEqual(10_000)
          last = number
          if (part === lastPart) return
          part = Math.min(lastPart, part + 1 + parts)
        }
      }),
    )
  })

  it('goes on from the parts of an upload whose length becomes known', () => {
    fc.assert(
      fc.property(fc.nat(partCountMaxOfUnknown - 2), fc.nat(3000), fc.nat(1000), (part, skipped, more) => {
        const unknown = upload(null)
        const before = partNumberAt(unknown, part * unknown.partBytes, skipped)
        const byteSize = Math.min((part + 2 + more) * unknown.partBytes, appendableBytes(unknown))
        const after = partNumberAt({ ...unknown, byteSize }, (part + 1) * unknown.partBytes, skipped)
        expect(after).toBeGreaterThan(before)
        expect(
          partNumberAt({ ...unknown, byteSize }, byteSize - unknown.partBytes, skipped),
        ).toBeLessThanOrEqual(10_000)
      }),
    )
  })
})
