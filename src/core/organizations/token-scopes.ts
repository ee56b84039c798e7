import { type JsonPointer, valueAt } from '../json-pointer'
import type { TokenClaims } from '../ports/token-verifier'
import { type Scope, scopes } from './principal'

/** How the scopes of an identity provider's tokens are read. */
export type TokenScopes = {
  /** Where they may be. The first that names a scope known here counts, and no other. */
  claims: readonly JsonPointer[]
  /** What the provider's own words mean, beside the scopes' own names. */
  meanings: ReadonlyMap<string, readonly Scope[]>
  /** Of tokens that have none of `claims` at all. */
  fallback: readonly Scope[]
}

/** Where scopes are unless the operator says so: RFC 8693's claim (section 4.2), Okta's and Entra's, Auth0's. */
export const usualScopeClaims: readonly JsonPointer[] = [['scope'], ['scp'], ['permissions']]

/** What a token with these claims may do. */
export function scopesOfToken(claims: TokenClaims, reading: TokenScopes): readonly Scope[] {
  const said = reading.claims
    .map((pointer) => valueAt(claims, pointer))
    .filter((value) => value !== undefined)
  if (said.length === 0) return reading.fallback
  const granted = said.map((value) => meantBy(value, reading.meanings))
  return granted.find(({ length }) => length > 0) ?? []
}

/** A list with single spaces (RFC 8693, section 4.2), or an array. */
function meantBy(value: unknown, meanings: TokenScopes['meanings']): readonly Scope[] {
  const words: readonly unknown[] =
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
  const meant = new Set<unknown>(words)
  for (const word of words)
    if (typeof word === 'string') for (const scope of meanings.get(word) ?? []) meant.add(scope)
  return scopes.filter((scope) => meant.has(scope))
}

/** The scope that `text` names, or null. */
export function parseScope(text: string): Scope | null {
  return scopes.find((scope) => scope === text) ?? null
}
