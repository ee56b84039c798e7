import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFileId, parseOrganizationId, uuidV7 } from '../../src/core/ids'

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 })

const randoms = fc.uint8Array({ minLength: 16, maxLength: 16 })

describe('uuidV7', () => {
  it('is a UUID of version 7 and variant 10 that begins with the milliseconds', () => {
    fc.assert(
      fc.property(times, randoms, (now, random) => {
        const id = uuidV7(now, random)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(now)
        expect(parseFileId(id)).toBe(id)
      }),
    )
  })

  it('sorts as text in the order of time', () => {
    fc.assert(
      fc.property(times, times, randoms, randoms, (one, other, random, otherRandom) => {
        fc.pre(one !== other)
        expect(uuidV7(one, random) < uuidV7(other, otherRandom)).toBe(one < other)
      }),
    )
  })

  it('is RFC 9562’s own example', () => {
    const random = Uint8Array.fromHex('0000000000000cc318c4dc0c0c07398f')
    expect(uuidV7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })

  it('keeps 74 of the random bits, and leaves its argument as it was', () => {
    fc.assert(
      fc.property(times, randoms, (now, random) => {
        const before = random.toHex()
        const bytes = Uint8Array.fromHex(uuidV7(now, random).replaceAll('-', ''))
        expect(random.toHex()).toBe(before)
        expect((bytes[6] ?? 0) & 0x0f).toBe((random[6] ?? 0) & 0x0f)
        expect((bytes[8] ?? 0) & 0x3f).toBe((random[8] ?? 0) & 0x3f)
        for (const at of [7, 9, 10, 11, 12, 13, 14, 15]) expect(bytes[at]).toBe(random[at])
      }),
    )
  })

  it('reads its random bytes from a view into a larger buffer', () => {
    const large = new Uint8Array(64).fill(0xff)
    large.fill(0x11, 20, 36)
    expect(uuidV7(0, large.subarray(20, 36))).toBe('00000000-0000-7111-9111-111111111111')
  })
})

describe('parseFileId', () => {
  const id = '01a2044f-ecb0-7399-b37c-ae221b24fbb3'

  it('accepts an id in any case and gives it in lower case', () => {
    expect(parseFileId(id)).toBe(id)
    expect(parseFileId(id.toUpperCase())).toBe(id)
  })

  it.each([
    '',
    'x',
    id.replaceAll('-', ''),
    id.slice(1),
    `${id}0`,
    ` ${id}`,
    `${id}\n`,
    `{${id}}`,
    id.replace('a', 'g'),
    id.replace('0', '\uff10'),
    `${id}/../x`,
    '01a2044fe-cb0-7399-b37c-ae221b24fbb3',
  ])('is null for %j', (text) => {
    expect(parseFileId(text)).toBeNull()
  })
})

describe('parseOrganizationId', () => {
  it.each(['a', '0', '-', 'acme', 'acme-2', 'a'.repeat(63)])('accepts %s', (text) => {
    expect(parseOrganizationId(text)).toBe(text)
  })

  it.each(['', 'a'.repeat(64), 'Acme', 'a_b', 'a.b', 'a/b', '..', 'a b', 'a\n', 'é', '\u212a', 'a%20b'])(
    'is null for %j',
    (text) => {
      expect(parseOrganizationId(text)).toBeNull()
    },
  )
})
