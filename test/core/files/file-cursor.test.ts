import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCursor, parseCursor } from '../../../src/core/files/file-cursor'
import { type FileId, parseFileId, uuidV7 } from '../../../src/core/ids'

describe('cursors', () => {
  it('come back as the file they stand for', () => {
    fc.assert(
      fc.property(fileIds, (id) => {
        const cursor = formatCursor(id)
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{22}$/)
        expect(parseCursor(cursor)).toBe(id)
      }),
    )
  })

  it('are null or come back as the text they were, for any text', () => {
    const nearly = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9_-]{20,24}$/),
      fc.tuple(fileIds, fc.string({ maxLength: 2 })).map(([id, more]) => formatCursor(id) + more),
      fc
        .tuple(fileIds, fc.constantFrom('A', 'Q', 'g', 'w', 'B', '_'))
        .map(([id, last]) => formatCursor(id).slice(0, -1) + last),
    )
    fc.assert(
      fc.property(nearly, (text) => {
        const id = parseCursor(text)
        if (id === null) return
        expect(parseFileId(id)).toBe(id)
        expect(formatCursor(id)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '',
    'x',
    '01a2044f-ecb0-7399-b37c-ae221b24fbb3',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAAAAAAAAAAAAAA==',
  ])('are not %j', (text) => {
    expect(parseCursor(text)).toBeNull()
  })
})

const fileIds: fc.Arbitrary<FileId> = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([now, random]) => uuidV7(now, random) as FileId)
