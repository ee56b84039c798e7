import * as fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type Failure, GatewayError } from '../../src/core/errors'
import {
  claimFor,
  type IdempotencyClaim,
  type IdempotencyRecord,
  idempotencyLockMs,
  idempotencyTtlMs,
  replyOf,
} from '../../src/core/idempotency/idempotency'
import { createReplySealer } from '../../src/core/idempotency/reply-sealer'
import {
  type OrganizationId,
  parseFileId,
  parseOrganizationId,
  sha256OfText,
  uuidV7,
} from '../../src/core/ids'
import { formatApiKey, parseApiKey } from '../../src/core/organizations/api-key'
import type { Principal } from '../../src/core/organizations/principal'
import type { HttpEnv } from '../../src/http/context'
import { idempotencyKeyOf } from '../../src/http/idempotency-key'

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

const caller: Principal = {
  kind: 'api_key',
  organizationId: 'acme' as OrganizationId,
  keyId: '0011223344556677',
  scopes: ['files:read'],
  expiresAt: null,
}

describe('claimFor', () => {
  const now = 1_800_000_000_000

  it('is null without a key', async () => {
    expect(await claimFor(null, 'upload', ['a'], now)).toBeNull()
  })

  it('keeps the key as it is, for 24 hours, and holds its place for a minute', async () => {
    const fingerprint = await sha256OfText('[["api_key","acme","0011223344556677"],"upload",["a",null]]')
    expect(await claimFor({ text: ' Key ', caller }, 'upload', ['a', null], now)).toEqual({
      key: ' Key ',
      fingerprint,
      lockedUntil: now + 60_000,
      expiresAt: now + 24 * 3_600_000,
    })
    expect([idempotencyLockMs, idempotencyTtlMs]).toEqual([60_000, 86_400_000])
  })

  it('has the same fingerprint for the same operation and request alone, whenever it comes', async () => {
    const requests: [string, unknown][] = [
      ['upload', ['a', 'b']],
      ['upload', ['ab', '']],
      ['upload', ['a', 'b', null]],
      ['upload', [['a', 'b']]],
      ['upload', { a: 'b' }],
      ['upload', '["a","b"]'],
      ['upload', ['a', 1]],
      ['upload', ['a', '1']],
      ['delete', ['a', 'b']],
    ]
    const fingerprints = async (at: number) =>
      Promise.all(
        requests.map(
          async ([operation, request]) =>
            (await claimFor({ text: 'k', caller }, operation, request, at))?.fingerprint,
        ),
      )
    const first = await fingerprints(now)
    expect(new Set(first).size).toBe(requests.length)
    expect(await fingerprints(now + 12_345)).toEqual(first)
  })

  it('has the same fingerprint however the same JSON is written', async () => {
    const written = ['{"a":1,"o":{"b":[1,2],"c":null}}', '{ "o": {"c":null, "b":[1.0, 2]}, "a": 1e0 }']
    const fingerprints = await Promise.all(
      written.map(async (text) => fingerprintOf(caller, JSON.parse(text))),
    )
    expect(new Set(fingerprints).size).toBe(1)
    expect(await fingerprintOf(caller, { o: { b: [2, 1], c: null }, a: 1 })).not.toBe(fingerprints[0])
  })

  it('has another fingerprint for every other caller, and the same for the same one with other rights', async () => {
    const jwt = { ...caller, kind: 'jwt', issuer: 'i', subject: 's', expiresAt: 1, isMachine: false } as const
    const callers: Principal[] = [
      { kind: 'root' },
      caller,
      { ...caller, keyId: '8899aabbccddeeff' },
      { ...caller, organizationId: 'other' as OrganizationId },
      jwt,
      { ...jwt, subject: caller.keyId },
      { ...jwt, issuer: 'other' },
      { ...jwt, organizationId: 'other' as OrganizationId },
    ]
    const fingerprints = await Promise.all(callers.map((other) => fingerprintOf(other)))
    expect(new Set(fingerprints).size).toBe(callers.length)
    const renewed = { ...jwt, scopes: [], expiresAt: 2 }
    expect(await fingerprintOf(renewed)).toBe(await fingerprintOf(jwt))
  })

  async function fingerprintOf(caller: Principal, request: unknown = ['a']) {
    return (await claimFor({ text: 'k', caller }, 'upload', request, now))?.fingerprint
  }
})

describe('replyOf', () => {
  const now = 1_800_000_000_000
  const organizationId = 'acme' as OrganizationId

  async function second(record: Partial<IdempotencyRecord<string>>, request: unknown = 'same', at = now) {
    const first = await claimed('same')
    const claim = await claimed(request)
    const whole = {
      organizationId,
      fingerprint: first.fingerprint,
      subjectId: 's',
      reply: null,
      lockedUntil: first.lockedUntil,
      ...record,
    }
    return () => replyOf(whole, claim, at)
  }
  async function claimed(request: unknown): Promise<IdempotencyClaim> {
    return (await claimFor({ text: 'key', caller }, 'upload', request, now)) ?? expect.fail('no claim')
  }

  it('is the stored reply for the same request, long after', async () => {
    const again = await second({ reply: () => 'answer' }, 'same', now + idempotencyTtlMs - 1)
    expect(again()).toEqual({ reply: 'answer' })
  })

  it.each(['', 0, false])('is the stored reply even when that is %j', async (reply) => {
    const first = await claimed('same')
    const record = {
      organizationId,
      fingerprint: first.fingerprint,
      subjectId: 's',
      reply: () => reply,
      lockedUntil: 0,
    }
    expect(replyOf(record, first, now)).toEqual({ reply })
  })

  it.each([
    ['answered', { reply: () => expect.fail('read, although it is another request’s') }],
    ['running', {}],
    ['dead', { lockedUntil: 0 }],
  ])('refuses the key for another request while the first is %s', async (_, record) => {
    expect(failureOf(await second(record, 'other'))).toEqual({ code: 'idempotency_key_reused' })
  })

  it('refuses while the first one runs, in whole seconds that are never too few', async () => {
    for (const [afterMs, retryAfterSeconds] of [
      [0, 60],
      [1, 60],
      [1000, 59],
      [59_001, 1],
      [59_999, 1],
    ] as const)
      expect(failureOf(await second({}, 'same', now + afterMs))).toEqual({
        code: 'idempotency_in_progress',
        retryAfterSeconds,
      })
  })

  it('is stale from the moment the first one has lost its place', async () => {
    expect((await second({}, 'same', now + idempotencyLockMs))()).toBe('stale')
    expect((await second({}, 'same', now + 2 * idempotencyLockMs))()).toBe('stale')
  })
})

describe('the reply sealer', () => {
  const sealer = createReplySealer('a secret of at least thirty-two characters')

  it('opens what it sealed, and so does one made of the same secret elsewhere', async () => {
    const elsewhere = createReplySealer('a secret of at least thirty-two characters')
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
    const other = createReplySealer('another secret of thirty-two characters')
    const sealed = await other.seal({ a: 1 })
    await expect(sealer.open(sealed)).rejects.toThrow()
    await expect(sealer.open('not base64!')).rejects.toThrow()
  })
})

describe('idempotencyKeyOf', () => {
  const app = new Hono<HttpEnv>()
  app.post('/', (c) => {
    c.set('principal', { kind: 'root' })
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

function failureOf(step: () => unknown): unknown {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return error.failure
  }
}
