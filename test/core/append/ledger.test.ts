import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  foldedFrom,
  type Piece,
  parsePieceKey,
  parsePieceName,
  pieceKeyOf,
  pieceName,
} from '../../../src/core/append/ledger'
import { incomingKeyFor, parseIncomingKey } from '../../../src/core/contents/content'
import type { FileId, OrganizationId } from '../../../src/core/ids'

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((all) => all.join(''))
const byteCount = fc.integer({ min: 0, max: 999_999_999_999_999 })
const pieces: fc.Arbitrary<Piece> = fc.record({ from: byteCount, to: byteCount, token: hex(16) })
const fileKeys = fc.record({
  organizationId: fc.constantFrom('acme', 'a', 'an-organization-1') as fc.Arbitrary<OrganizationId>,
  id: hex(32).map(
    (digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as FileId,
  ),
})

describe('the name and the key of a piece', () => {
  it('say which piece of which file it is', () => {
    fc.assert(
      fc.property(fileKeys, pieces, (file, piece) => {
        expect(parsePieceName(pieceName(piece))).toEqual(piece)
        const key = pieceKeyOf(file, piece)
        expect(parsePieceKey(key)).toEqual({ file, piece })
        expect(key.startsWith(`${incomingKeyFor(file.organizationId, file.id)}/`)).toBe(true)
        // Neither is taken for the other.
        expect(parseIncomingKey(key)).toBeNull()
        expect(parsePieceKey(incomingKeyFor(file.organizationId, file.id))).toBeNull()
      }),
    )
  })

  it.each([
    '',
    '0-5',
    '0-5-0123456789abcde',
    '0-5-0123456789abcdef0',
    '0-5-0123456789ABCDEF',
    '-5-0123456789abcdef',
    '0--5-0123456789abcdef',
    '0-1e3-0123456789abcdef',
    '0-1000000000000000-0123456789abcdef',
    ' 0-5-0123456789abcdef',
    '0-5-0123456789abcdef\n',
  ])('are none of another form: %j', (name) => {
    expect(parsePieceName(name)).toBeNull()
    const file = '_incoming/acme/01900000-0000-7000-8000-000000000001'
    expect(parsePieceKey(`${file}/pieces/${name}`)).toBeNull()
  })

  it.each([
    'acme/01900000-0000-7000-8000-000000000001/pieces/0-5-0123456789abcdef',
    '_incoming/acme/01900000-0000-7000-8000-000000000001/piece/0-5-0123456789abcdef',
    '_incoming/acme/01900000/pieces/0-5-0123456789abcdef',
    '_incoming/acme/01900000-0000-7000-8000-000000000001/pieces/pieces/0-5-0123456789abcdef',
    '_incoming/pieces/0-5-0123456789abcdef',
    '/pieces/0-5-0123456789abcdef',
  ])('are none at another place: %s', (key) => {
    expect(parsePieceKey(key)).toBeNull()
  })
})

describe('foldedFrom', () => {
  const token = '0123456789abcdef'
  const partBytes = 5 * 1024 ** 2
  /** Of sizes up to a part: below 16, below 256, and so on. */
  const classes = 6
  /** A bound for sizes chosen to hurt; ordinary ones stay far below. */
  const piecesMax = 15 * classes + 1
  const putsMax = 16

  /** What a part has after portions of these sizes, as far as they fit: the most pieces at any time, and all bytes put. */
  function received(sizes: Iterable<number>, start = 0) {
    let kept: Piece[] = []
    let position = start
    let most = 0
    let bytesPut = 0
    for (const size of sizes) {
      const to = position + size
      if (to - start >= partBytes) break
      const from = foldedFrom(kept, position, to)
      // It begins where a piece begins, or where the new bytes do.
      const isBoundary = from === position || kept.some((piece) => piece.from === from)
      if (!isBoundary) throw new Error(`${from} is inside a piece`)
      kept = [...kept.filter((piece) => piece.from < from), { from, to, token }]
      bytesPut += to - from
      most = Math.max(most, kept.length)
      position = to
    }
    for (const [index, piece] of kept.entries()) expect(piece.from).toBe(kept[index - 1]?.to ?? start)
    expect(kept.at(-1)?.to ?? start).toBe(position)
    return { most, count: kept.length, putsOfAByte: bytesPut / Math.max(1, position - start) }
  }

  function expectFew({ most, putsOfAByte }: ReturnType<typeof received>) {
    expect(most).toBeLessThanOrEqual(piecesMax)
    expect(putsOfAByte).toBeLessThanOrEqual(putsMax)
  }

  /** As many portions of `size` one after the other as `times`. */
  const times = (count: number, size: number) => Array.from({ length: count }, () => size)

  it('leaves few pieces alone', () => {
    expect(received(times(15, 1000))).toMatchObject({ count: 15, putsOfAByte: 1 })
    expect(received(times(16, 1000))).toMatchObject({ count: 1 })
  })

  it('leaves a large piece alone when a small one comes', () => {
    expect(received([1_000_000, ...times(15, 10)]).count).toBe(16)
    expect(received([1_000_000, ...times(16, 10)]).count).toBe(2)
  })

  it('never goes back to bytes of the part before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 200 }), (sizes) => {
        expectFew(received(sizes, 7 * partBytes))
      }),
    )
  })

  it('keeps pieces few, and puts no byte often, whatever the sizes', () => {
    // Sizes from one byte to a megabyte, each magnitude as often as another, again and again.
    const size = fc
      .tuple(fc.integer({ min: 0, max: 20 }), fc.double({ min: 1, max: 2, noNaN: true }))
      .map(([power, factor]) => Math.max(1, Math.floor(2 ** power * factor)))
    const run = fc.tuple(size, fc.integer({ min: 1, max: 40 })).map(([of, count]) => times(count, of))
    const round = fc.array(run, { minLength: 1, maxLength: 12 }).map((runs) => runs.flat())
    fc.assert(
      fc.property(round, fc.integer({ min: 1, max: 20 }), (sizes, rounds) => {
        expectFew(received(Array.from({ length: rounds }, () => sizes).flat()))
      }),
      { numRuns: 300 },
    )
  })

  const powers = [1, 16, 256, 4096, 65_536]
  const hostile: Record<string, number[]> = {
    'one byte each': times(20_000, 1),
    'as many of each magnitude as are left alone, larger first': powers
      .toReversed()
      .flatMap((size) => times(15, size)),
    'the largest of each magnitude, larger first': powers
      .toReversed()
      .flatMap((size) => times(15, size === 65_536 ? 250_000 : size * 16 - 1)),
    'smaller first': Array.from({ length: 50 }, () => powers.flatMap((size) => times(15, size))).flat(),
    ...Object.fromEntries(
      powers
        .slice(1)
        .flatMap((size) =>
          [13, 14, 15].map((fillers) => [
            `${fillers} of one byte before each of ${size}`,
            Array.from({ length: 1500 }, () => [...times(fillers, 1), size]).flat(),
          ]),
        ),
    ),
  }
  it.each(Object.entries(hostile))('keeps them few with %s', (_, sizes) => {
    expectFew(received(sizes))
  })
})
