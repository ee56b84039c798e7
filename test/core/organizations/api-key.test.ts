import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatApiKey, parseApiKey } from '../../../src/core/organizations/api-key'

describe('API keys', () => {
  const hex = (byteLength: number) =>
    fc.uint8Array({ minLength: byteLength, maxLength: byteLength }).map((bytes) => bytes.toHex())

  it('come apart into what they were made of', () => {
    fc.assert(
      fc.property(hex(8), hex(32), (id, secret) => {
        expect(parseApiKey(formatApiKey(id, secret))).toEqual({ id, secret })
      }),
    )
  })

  it('are null or the very text they were parsed from, for any text', () => {
    const nearly = fc.tuple(hex(8), hex(32), fc.nat(86), fc.string({ maxLength: 2 }))
    fc.assert(
      fc.property(nearly, ([id, secret, at, change]) => {
        const whole = formatApiKey(id, secret)
        const token = whole.slice(0, at) + change + whole.slice(at + 1)
        const parsed = parseApiKey(token)
        if (parsed !== null) expect(formatApiKey(parsed.id, parsed.secret)).toBe(token)
      }),
      { numRuns: 1000 },
    )
  })

  const id = '0123456789abcdef'
  const secret = 'ab'.repeat(32)
  it.each([
    '',
    'slip_',
    `slip_${id}`,
    `slip_${id}_`,
    `slip_${id}_${secret}0`,
    `slip_${id}_${secret.slice(1)}`,
    `slip_${id}0_${secret}`,
    `SLIP_${id}_${secret}`,
    `slip_${id}_${secret.toUpperCase()}`,
    `slip_${id}_${secret}\n`,
    ` slip_${id}_${secret}`,
    `sk_${id}_${secret}`,
  ])('are not %j', (token) => {
    expect(parseApiKey(token)).toBeNull()
  })
})
