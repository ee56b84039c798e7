import { parseOrganizationId } from '../ids'
import { type JsonPointer, valueAt } from '../json-pointer'
import type { TokenClaims } from '../ports/token-verifier'
import { type Principal, type Scope, scopes } from './principal'

export type TokenPrincipal = Extract<Principal, { kind: 'jwt' }>

/** The longest subject (OpenID Connect Core 1.0, section 2). It is a rate limit's key and is logged. */
const subjectMaxLength = 255
/** The last moment that a `Date` can hold. */
const timeMax = 8.64e15

/**
 * Who a verified token speaks for. `no_subject`: it names nobody; `no_organization`: where
 * `organizationClaim` points there is no organization id.
 */
export function tokenPrincipalOf(
  claims: TokenClaims,
  organizationClaim: JsonPointer,
): TokenPrincipal | 'no_subject' | 'no_organization' {
  const subject = claims.sub ?? claims.client_id ?? claims.azp
  if (typeof subject !== 'string' || subject === '' || subject.length > subjectMaxLength) return 'no_subject'
  const organization = valueAt(claims, organizationClaim)
  const organizationId = typeof organization === 'string' ? parseOrganizationId(organization) : null
  if (organizationId === null) return 'no_organization'
  return {
    kind: 'jwt',
    organizationId,
    issuer: claims.iss,
    subject,
    scopes: scopesOf(claims.scope),
    // NumericDate may have a fraction, and JSON's 1e999 is Infinity; times here are whole milliseconds.
    expiresAt: Math.min(Math.floor(claims.exp * 1000), timeMax),
    isMachine: isMachine(claims, subject),
  }
}

/** `scope` is a list with single spaces (RFC 8693, section 4.2); some providers write an array. */
function scopesOf(claim: unknown): readonly Scope[] {
  const granted: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  return scopes.filter((scope) => granted.includes(scope))
}

/**
 * Whether a program got the token for itself (OAuth 2.0's client credentials grant) and not for a person.
 * Providers say it in a claim, or by making the client its own subject (RFC 9068, section 5).
 */
function isMachine(claims: TokenClaims, subject: string): boolean {
  const grant = claims.gty ?? claims.grant_type
  return (
    grant === 'client-credentials' ||
    grant === 'client_credentials' ||
    subject === claims.client_id ||
    subject === claims.azp
  )
}
