import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import { fail } from '../core/errors'
import type { TokenClaims, TokenVerdict, TokenVerifier } from '../core/ports/token-verifier'
import { createSigningKeys, SigningKeysUnavailable } from './signing-keys'

export type IdentityProvider = {
  /** Where the provider publishes its keys (RFC 7517, section 5). */
  jwksUrl: string
  /** What `iss` must be, to the letter. */
  issuer: string
  /** What `aud` must be or contain; if a token has no `aud`, its `client_id` or else its `azp` must be this. */
  audience: string
}

/**
 * Attacks (RFC 8725, section 2.1): with `none` a client could claim to be any subject, and with HS256 it could sign with
 * the provider's public key. So only algorithms with a private key are accepted.
 */
const algorithms = ['RS256', 'ES256']
/** How far the provider's clock may be from ours. */
const clockToleranceSeconds = 5

/**
 * Verifies JSON Web Tokens of one identity provider. A key comes from `jwksUrl` alone, never from what the
 * token itself says of keys (`jwk`, `jku`, `x5u`). `now` in milliseconds since 1970 UTC.
 */
export function createJwtVerifier(provider: IdentityProvider, now: () => number): TokenVerifier {
  const signingKeys = createSigningKeys(provider.jwksUrl, now)
  return {
    async verify(token) {
      const options = {
        algorithms,
        issuer: provider.issuer,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
      }
      try {
        const claims = await verifyWithAnyKey(token, signingKeys, options)
        return isComplete(claims) && isMeantFor(claims, provider.audience)
          ? { outcome: 'verified', claims }
          : { outcome: 'invalid' }
      } catch (error) {
        return verdictOf(error, provider.audience)
      }
    },
  }
}

function verdictOf(error: unknown, audience: string): TokenVerdict {
  if (error instanceof errors.JWTExpired)
    return { outcome: isMeantFor(error.payload, audience) ? 'expired' : 'invalid' }
  if (error instanceof errors.JOSEError) return { outcome: 'invalid' }
  // The keys could not be fetched, or cannot be used, such as RSA under 2048 bits.
  const cause = error instanceof SigningKeysUnavailable ? error.cause : error
  fail({ code: 'identity_provider_failed' }, cause)
}

/** Tries a token that names no `kid` with every key that could have signed it. */
async function verifyWithAnyKey(
  token: string,
  signingKeys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, signingKeys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (mismatch) {
        if (!(mismatch instanceof errors.JWSSignatureVerificationFailed)) throw mismatch
      }
    }
    throw error
  }
}

/**
 * Whether the token is for `audience`. Cognito's access tokens and Clerk's session tokens have no `aud`; these
 * providers tell their clients to compare `client_id` or `azp` instead, which say whom the token was issued to.
 */
function isMeantFor({ aud, client_id, azp }: JWTPayload, audience: string): boolean {
  const meant = aud ?? client_id ?? azp
  return Array.isArray(meant) ? meant.includes(audience) : meant === audience
}

/** A token without `exp` would be valid for ever. */
function isComplete(claims: JWTPayload): claims is TokenClaims {
  return typeof claims.iss === 'string' && typeof claims.exp === 'number'
}
