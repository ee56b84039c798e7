import { type JsonPointer, parseJsonPointer } from './core/json-pointer'
import { type Scope, scopes } from './core/organizations/principal'
import type { TokenReading } from './core/organizations/token-principal'
import { parseScope, usualScopeClaims } from './core/organizations/token-scopes'
import type { IdentityProvider } from './tokens/jwt-verifier'

/** Whose tokens are taken beside API keys, and how they are read. */
export type JwtConfig = { provider: IdentityProvider; reading: TokenReading }

export type JwtVariables = {
  JWT_JWKS_URL?: string
  JWT_ISSUER?: string
  JWT_AUDIENCE?: string
  JWT_ORGANIZATION_CLAIM?: string
  JWT_SCOPE_CLAIM?: string
  JWT_SCOPE_MAP?: string
  JWT_DEFAULT_SCOPES?: string
}

type Name = keyof JwtVariables

/** How single variables are read. `text` is null for one that is left out; the others throw `ConfigError`. */
type Reader = {
  text(name: Name): string | null
  required(name: Name): string
  wrong(name: Name, problem: string): never
}

/** The identity provider; null: none. Checks all of its variables either way. Throws `ConfigError`. */
export function readJwt({ text, required, wrong }: Reader): JwtConfig | null {
  const pointer = (name: Name, fallback: string): JsonPointer =>
    parseJsonPointer(text(name) ?? fallback) ??
    wrong(name, 'must be a JSON Pointer such as /org_id (RFC 6901: ~1 for /, ~0 for ~)')
  const entries = (name: Name, separator: RegExp) =>
    (text(name) ?? '').split(separator).filter((entry) => entry !== '')
  const scope = (name: Name, word: string) =>
    parseScope(word) ?? wrong(name, `must name scopes of the gateway: ${scopes.join(', ')}`)

  const meanings = new Map<string, Scope[]>()
  for (const entry of entries('JWT_SCOPE_MAP', /\s*,\s*/)) {
    const [, word = '', meaning = ''] =
      /^(.*\S)\s*=\s*(\S+)$/.exec(entry) ??
      wrong('JWT_SCOPE_MAP', 'must be a comma-separated list such as upload:write=files:write')
    meanings.set(word, [...(meanings.get(word) ?? []), scope('JWT_SCOPE_MAP', meaning)])
  }
  const reading = {
    organizationClaim: pointer('JWT_ORGANIZATION_CLAIM', '/org_id'),
    scopes: {
      claims: text('JWT_SCOPE_CLAIM') === null ? usualScopeClaims : [pointer('JWT_SCOPE_CLAIM', '')],
      meanings,
      fallback: entries('JWT_DEFAULT_SCOPES', /[\s,]+/).map((word) => scope('JWT_DEFAULT_SCOPES', word)),
    },
  }
  // One of the three says that tokens are meant to be taken: then a forgotten one is not a silent 401.
  const isLeftOut = (['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const).every((name) => !text(name))
  if (isLeftOut) return null
  const jwksUrl =
    keysUrl(required('JWT_JWKS_URL')) ??
    wrong('JWT_JWKS_URL', 'must be an https URL without fragment or credentials (http on loopback only)')
  return {
    provider: { jwksUrl, issuer: required('JWT_ISSUER'), audience: required('JWT_AUDIENCE') },
    reading,
  }
}

/** An attacker who can change the keys on their way can sign any token: plain HTTP never leaves the machine. */
function keysUrl(text: string): string | null {
  const url = URL.parse(text)
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '')
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)
  return url === null || !isSafe || url.username || url.password || text.includes('#') ? null : url.href
}
