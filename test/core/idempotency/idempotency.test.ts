import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/core/errors'
import {
  claimFor,
  type IdempotencyClaim,
  type IdempotencyRecord,
  idempotencyLockMs,
  idempotencyTtlMs,
  replyOf,
} from '../../../src/core/idempotency/idempotency'
import { type OrganizationId, sha256OfText } from '../../../src/core/ids'
import type { Principal } from '../../../src/core/organizations/principal'

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

function failureOf(step: () => unknown): unknown {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return error.failure
  }
}
