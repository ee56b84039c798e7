import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type OrganizationId, sha256Of } from '../../../src/core/ids'
import { secretByteLength } from '../../../src/core/organizations/api-key-claims'
import { createApiKeyTokens } from '../../../src/core/organizations/api-key-token'
import { scopes } from '../../../src/core/organizations/principal'

const current = 'the current secret of many characters'
const former = 'the former secret of many characters'
const tokens = createApiKeyTokens([current])

const claims = fc.record({
  id: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => bytes.toHex()),
  organizationId: fc.stringMatching(/^[a-z0-9-]{1,63}$/).map((id) => id as OrganizationId),
  scopes: fc.subarray([...scopes]),
  expiresAt: fc.option(fc.integer({ min: 1, max: 8.64e15 })),
})
const secrets = fc.uint8Array({ minLength: secretByteLength, maxLength: secretByteLength })

const sample = {
  id: '0123456789abcdef',
  organizationId: 'acme' as OrganizationId,
  scopes: ['files:read'] as const,
  expiresAt: 1_800_000_000_000,
}
const secret = new Uint8Array(secretByteLength).fill(7)

/** Another character of base64url. */
const another = (character: string) => (character === 'A' ? 'B' : 'A')
const withAnother = (text: string, at: number) =>
  text.slice(0, at) + another(text.charAt(at)) + text.slice(at + 1)

describe('tokens of API keys', () => {
  it('say what they were made of, with the hash by which the database knows them', async () => {
    await fc.assert(
      fc.asyncProperty(claims, secrets, async (claimed, random) => {
        const { token, secretSha256 } = await tokens.make(claimed, random)
        expect(token).toMatch(new RegExp(`^slip_${claimed.id}_[A-Za-z0-9_-]{100,184}$`))
        expect(await tokens.read(token)).toEqual({ ...claimed, secretSha256 })
      }),
      { numRuns: 200 },
    )
  })

  it('are none with any character changed: of the form, the id, the claims, the secret or the MAC', async () => {
    const { token } = await tokens.make(sample, secret)
    for (let at = 0; at < token.length; at++) expect(await tokens.read(withAnother(token, at))).toBeNull()
    const upper = token.slice(0, 22) + token.slice(22).toUpperCase()
    for (const text of [
      '',
      'slip_',
      token.slice(0, 22),
      token.slice(0, -1),
      token.slice(0, -4),
      `${token}AAAA`,
    ])
      expect(await tokens.read(text)).toBeNull()
    for (const text of [`${token}=`, `${token}\n`, ` ${token}`, token.toUpperCase(), upper])
      expect(await tokens.read(text)).toBeNull()
  })

  it('are none under the id, or with the claims, of another one', async () => {
    const one = await tokens.make(sample, secret)
    const other = await tokens.make({ ...sample, id: 'fedcba9876543210', scopes }, secret)
    expect(await tokens.read(other.token.slice(0, 22) + one.token.slice(22))).toBeNull()
    // Version, scopes and expiry of the one, secret and MAC of the other.
    const head = 22 + 12
    expect(await tokens.read(other.token.slice(0, head) + one.token.slice(head))).toBeNull()
  })

  it('have another hash with other claims, so that no claim can be widened even by one who can sign', async () => {
    const hashes = await Promise.all(
      [
        sample,
        { ...sample, scopes },
        { ...sample, expiresAt: null },
        { ...sample, organizationId: 'other' as OrganizationId },
      ].map(async (claimed) => (await tokens.make(claimed, secret)).secretSha256),
    )
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(hashes).not.toContain(await sha256Of(secret))
  })

  it('are read under a former secret, made under the current one, and none under an older one', async () => {
    const rotated = createApiKeyTokens([current, former])
    const before = await createApiKeyTokens([former]).make(sample, secret)
    expect(await rotated.read(before.token)).toEqual({ ...sample, secretSha256: before.secretSha256 })
    expect(await tokens.read(before.token)).toBeNull()
    const now = await rotated.make(sample, secret)
    expect(now).toEqual(await tokens.make(sample, secret))
    const older = await createApiKeyTokens(['an older secret of many characters']).make(sample, secret)
    expect(await rotated.read(older.token)).toBeNull()
  })
})
