import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplySealer } from '../../../src/core/idempotency/reply-sealer'

describe('the reply sealer', () => {
  const sealer = createReplySealer(['a secret of at least thirty-two characters'])

  it('opens what it sealed, and so does one made of the same secret elsewhere', async () => {
    const elsewhere = createReplySealer(['a secret of at least thirty-two characters'])
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (reply) => {
        const sealed = await sealer.seal(reply)
        expect(sealed).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
        expect(JSON.stringify(await sealer.open(sealed))).toBe(JSON.stringify(reply))
        expect(JSON.stringify(await elsewhere.open(sealed))).toBe(JSON.stringify(reply))
      }),
      { numRuns: 50 },
    )
  })

  it('never seals the same reply to the same text', async () => {
    const sealed = await Promise.all(Array.from({ length: 50 }, () => sealer.seal({ secret: 'slip_x' })))
    expect(new Set(sealed).size).toBe(50)
    expect(new Set(sealed.map((text) => text.slice(0, 16))).size).toBe(50)
  })

  it('refuses what was changed in any bit', async () => {
    const bytes = Uint8Array.fromBase64(await sealer.seal({ a: 1 }))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await expect(sealer.open(changed.toBase64())).rejects.toThrow()
    }
  })

  it('refuses what was cut short, or made longer', async () => {
    const bytes = Uint8Array.fromBase64(await sealer.seal({ a: 1 }))
    for (let length = 0; length < bytes.length; length++)
      await expect(sealer.open(bytes.slice(0, length).toBase64())).rejects.toThrow()
    await expect(sealer.open(Uint8Array.of(...bytes, 0).toBase64())).rejects.toThrow()
  })

  it('refuses what was sealed with another secret, and what is not base64', async () => {
    const other = createReplySealer(['another secret of thirty-two characters'])
    const sealed = await other.seal({ a: 1 })
    await expect(sealer.open(sealed)).rejects.toThrow()
    await expect(sealer.open('not base64!')).rejects.toThrow()
  })

  it('opens what was sealed with a former secret, and seals with the current one', async () => {
    const [current, former] = [
      'the current secret of many characters',
      'the former secret of many characters',
    ]
    const rotated = createReplySealer([current, former])
    expect(await rotated.open(await createReplySealer([former]).seal({ a: 1 }))).toEqual({ a: 1 })
    expect(await createReplySealer([current]).open(await rotated.seal({ a: 2 }))).toEqual({ a: 2 })
    const older = await createReplySealer(['an older secret of many characters']).seal({ a: 3 })
    await expect(rotated.open(older)).rejects.toThrow()
  })
})
