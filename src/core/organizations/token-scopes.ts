import { type JsonPointer, valueAt } from '../json-pointer'
import type { TokenClaims } from '../ports/token-verifier'
import { type Scope, scopes } from './principal'

/** How the scopes of an identity provider's tokens are read. */
export type TokenScopes = {
  /** Where scopes may be. Only the first claim that names a scope of the gateway counts. */
  claims: readonly JsonPointer[]
  /** What the provider's own words mean, besides the names of the scopes. */
  meanings: ReadonlyMap<string, readonly Scope[]>
  /** The scopes of tokens that have none of `claims`. */
  fallback: readonly Scope[]
}

/** Where scopes are unless the operator says otherwise: the claims of RFC 8693 (section 4.2), Okta and Entra, Auth0. */
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
