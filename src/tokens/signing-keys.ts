import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  jwksCache,
} from 'jose'

/** How long fetched keys are used without a new fetch. A key that the provider withdraws works that long at most. */
const maxAgeMs = 10 * 60 * 1000
/** How long after a fetch tokens with an unknown `kid` cause no other fetch. */
const cooldownMs = 30 * 1000
const timeoutMs = 5 * 1000
/** How long after a failed fetch there is no other one. */
const retryAfterMs = 5 * 1000

/** The keys could not be fetched, or cannot be used. `cause` says why. */
export class SigningKeysUnavailable extends Error {
  override readonly name = 'SigningKeysUnavailable'
}

/**
 * The keys at `jwksUrl`, fetched when first needed and when a token names an unknown key: a new key works at once, or
 * 30 s after the last fetch. Throws `SigningKeysUnavailable`, and jose's errors about
 * tokens that no key fits.
 *
 * Only plain data outlives a request: the fetched set and when it came. A promise must not. Workers cancel what a
 * request has started when it ends, and a second request that awaits the first one's fetch (or its import of a key,
 * which jose's set keeps as a promise too) would hang. So each token gets a jose set of its own, filled from `fetched`,
 * where jose also puts what it fetches. Requests that need the keys at the same moment each fetch them.
 */
export function createSigningKeys(jwksUrl: string, now: () => number): JWTVerifyGetKey {
  const fetched: JWKSCacheInput = {}
  let failed: { at: number; cause: unknown } | null = null

  return async (header, token) => {
    const knownSince = fetched.uat
    let hasAsked = false
    const fetchUnlessFailing: FetchImplementation = (url, init) => {
      if (failed !== null && now() < failed.at + retryAfterMs) throw failed.cause
      hasAsked = true
      return fetch(url, init)
    }
    const keys = createRemoteJWKSet(new URL(jwksUrl), {
      cacheMaxAge: maxAgeMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [jwksCache]: fetched,
      [customFetch]: fetchUnlessFailing,
    })
    try {
      return await keys(header, token)
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
        throw cause
      if (hasAsked && fetched.uat === knownSince) failed = { at: now(), cause }
      throw new SigningKeysUnavailable('The keys of the identity provider are not to be had', { cause })
    }
  }
}
