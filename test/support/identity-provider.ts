import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { vi } from 'vitest'

const issuer = 'https://id.example.com/'
const audience = 'https://gateway.example.com'
const jwksUrl = 'https://id.example.com/.well-known/jwks.json'

/** What a Worker that takes this provider's tokens is configured with. */
export const jwtVariables = { JWT_JWKS_URL: jwksUrl, JWT_ISSUER: issuer, JWT_AUDIENCE: audience }

export type SigningKey = { kid: string; alg: string; privateKey: CryptoKey; publicKey: CryptoKey; jwk: JWK }

export async function newSigningKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export type TokenInit = {
  /** Replaces single claims of a token that is right; undefined leaves one out. */
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** Signed with this instead. */
  key?: CryptoKey | Uint8Array
}

/** The claims of a token that is right, and may do everything in the organization `acme`. */
export function goodClaims(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    iat: now,
    exp: now + 300,
    org_id: 'acme',
    scope: 'openid files:read files:write org:admin',
  }
}

export async function signToken(signer: SigningKey, init: TokenInit = {}): Promise<string> {
  const defined = (members: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
  return new SignJWT(defined({ ...goodClaims(), ...init.claims }))
    .setProtectedHeader({ alg: signer.alg, ...defined({ kid: signer.kid, ...init.header }) })
    .sign(init.key ?? signer.privateKey)
}

/** A token with a good ES256 signature over whatever it says: what jose would refuse to sign. */
export async function signAnything(signer: SigningKey, header: object, claims: unknown): Promise<string> {
  const input = `${encodePart({ alg: signer.alg, kid: signer.kid, ...header })}.${encodePart(claims)}`
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const bytes = new TextEncoder().encode(input)
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, signer.privateKey, bytes))
  return `${input}.${signature.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}

/** One part of a token: the JSON of `value` as base64url. */
export function encodePart(value: unknown): string {
  return new TextEncoder()
    .encode(JSON.stringify(value))
    .toBase64({ alphabet: 'base64url', omitPadding: true })
}

/**
 * An identity provider on the network beyond the Worker: `globalThis.fetch` answers for it until
 * `vi.restoreAllMocks()`. `publish` changes its keys, `answer` how it behaves; `fetched` counts.
 */
export function startIdentityProvider(keys: readonly SigningKey[]) {
  let answer: () => Response | Promise<Response> = () => Response.json({ keys: keys.map(({ jwk }) => jwk) })
  const provider = {
    fetched: 0,
    publish(published: readonly JWK[]) {
      answer = () => Response.json({ keys: published })
    },
    answer(next: () => Response | Promise<Response>) {
      answer = next
    },
  }
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const url = input instanceof Request ? input.url : String(input)
    if (url !== jwksUrl) throw new Error(`unexpected request to ${url}`)
    provider.fetched++
    return answer()
  })
  return provider
}
