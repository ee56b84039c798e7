import { parseOrganizationId } from '../ids'
import { type JsonPointer, valueAt } from '../json-pointer'
import type { TokenClaims } from '../ports/token-verifier'
import type { Principal } from './principal'
import { scopesOfToken, type TokenScopes } from './token-scopes'

export type TokenPrincipal = Extract<Principal, { kind: 'jwt' }>

/** Which claims of an identity provider's tokens hold the organization and the scopes. */
export type TokenReading = { organizationClaim: JsonPointer; scopes: TokenScopes }

/** The longest subject (OpenID Connect Core 1.0, section 2). It is the key of a rate limit and is logged. */
const subjectMaxLength = 255
/** The last moment that a `Date` can hold. */
const timeMax = 8.64e15

/**
 * The caller that a verified token names. `no_subject`: it has no usable `sub`; `no_organization`: there is no
 * organization id where `reading.organizationClaim` points.
 */
export function tokenPrincipalOf(
  claims: TokenClaims,
  reading: TokenReading,
): TokenPrincipal | 'no_subject' | 'no_organization' {
  const subject = claims.sub ?? claims.client_id ?? claims.azp
  if (typeof subject !== 'string' || subject === '' || subject.length > subjectMaxLength) return 'no_subject'
  const organization = valueAt(claims, reading.organizationClaim)
  const organizationId = typeof organization === 'string' ? parseOrganizationId(organization) : null
  if (organizationId === null) return 'no_organization'
  return {
    kind: 'jwt',
    organizationId,
    issuer: claims.iss,
    subject,
    scopes: scopesOfToken(claims, reading.scopes),
    // NumericDate may have a fraction, and JSON's 1e999 is Infinity; times here are whole milliseconds.
    expiresAt: Math.min(Math.floor(claims.exp * 1000), timeMax),
    isMachine: isMachine(claims, subject),
  }
}

/**
 * Whether a program got the token for itself (OAuth 2.0's client credentials grant) and not for a person.
 * Providers say it in a claim (Auth0 `gty`, Entra `idtyp`), or by making the client its own subject (RFC 9068,
 * section 5), whom Okta calls `cid`.
 */
function isMachine(claims: TokenClaims, subject: string): boolean {
  const grant = claims.gty ?? claims.grant_type
  return (
    grant === 'client-credentials' ||
    grant === 'client_credentials' ||
    claims.idtyp === 'app' ||
    subject === claims.cid ||
    subject === claims.client_id ||
    subject === claims.azp
  )
}
