import * as fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type Failure, GatewayError } from '../../src/core/errors'
import { idempotencyKeyOf } from '../../src/http/idempotency-key'

describe('idempotencyKeyOf', () => {
  const app = new Hono()
  app.post('/', (c) => {
    try {
      const key = idempotencyKeyOf(c, { kind: 'root' })
      if (key !== null) expect(key.caller).toEqual({ kind: 'root' })
      return c.json({ key: key === null ? null : key.text })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return c.json({ failure: error.failure })
    }
  })
  async function keyIn(header: string | null): Promise<unknown> {
    const answer = await app.request('/', {
      method: 'POST',
      headers: header === null ? {} : { 'Idempotency-Key': header },
    })
    const { key, failure } = await answer.json<{ key?: string | null; failure?: Failure }>()
    return failure?.code === 'invalid_request' ? failure.issues.map(({ field }) => field) : key
  }

  it('is null without the header', async () => {
    expect(await keyIn(null)).toBeNull()
  })

  it.each([
    ['a bare key', 'abc-123', 'abc-123'],
    ['a quoted key', '"abc-123"', 'abc-123'],
    ['a bare UUID', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['a quoted key with spaces', '" a b "', ' a b '],
    ['a quoted key with an escaped quote and backslash', '"a\\"b\\\\c"', 'a"b\\c'],
    ['a bare key with a backslash', 'a\\b', 'a\\b'],
    ['one character', 'x', 'x'],
    ['255 characters', 'x'.repeat(255), 'x'.repeat(255)],
    ['255 characters in quotes', `"${'x'.repeat(255)}"`, 'x'.repeat(255)],
    ['255 characters, all of them escaped', `"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
    ['whitespace around it', '  abc\t', 'abc'],
  ])('reads %s', async (_, header, key) => {
    expect(await keyIn(header)).toBe(key)
  })

  it.each([
    ['an empty header', ''],
    ['whitespace alone', '   '],
    ['an empty quoted string', '""'],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters in quotes', `"${'x'.repeat(256)}"`],
    ['a letter that is not ASCII', 'caf\u00e9'],
    ['a tab inside', 'a\tb'],
    ['a delete character', 'a\u007fb'],
  ])('refuses %s, naming the header', async (_, header) => {
    expect(await keyIn(header)).toEqual(['Idempotency-Key'])
  })

  it('is the same key quoted and bare, for every key that can be bare', async () => {
    const bare = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    })
    await fc.assert(
      fc.asyncProperty(bare, async (key) => {
        expect(await keyIn(`"${key.replace(/["\\]/g, '\\$&')}"`)).toBe(key)
        if (!key.startsWith('"')) expect(await keyIn(key)).toBe(key)
      }),
    )
  })

  it('is a key or a refusal for every header', async () => {
    const ascii = fc.string({
      unit: fc.constantFrom('a', '"', '\\', ' ', '\t', ',', ';', '\u0001', '\u007f'),
    })
    await fc.assert(
      fc.asyncProperty(ascii, async (header) => {
        const key = await keyIn(header)
        if (typeof key === 'string') expect(key).toMatch(/^[\x20-\x7e]{1,255}$/)
        else expect(key).toEqual(['Idempotency-Key'])
      }),
    )
  })
})
