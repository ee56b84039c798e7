import type { Context } from 'hono'
import { fail } from '../core/errors'
import { authenticate } from '../core/organizations/authenticate'
import type { Principal } from '../core/organizations/principal'
import type { HttpEnv } from './context'

/** The period of the rate limiter in `wrangler.toml`. The binding does not tell when it will allow again. */
export const rateLimitPeriodSeconds = 60
/** How many requests it allows in that time. */
export const rateLimitRequests = 1200

/**
 * Who sends this request, by `token`; sets `principal` on the context and counts the request against the
 * rate of the key, or of the subject of a JWT. Throws `rate_limited` and what `authenticate` throws.
 */
export async function authenticateRequest(c: Context<HttpEnv>, token: string | null): Promise<Principal> {
  const principal = await authenticate(c.var.gateway, c.var.credentials, token)
  c.set('principal', principal)
  if (!(await c.var.allowsRequest(rateKeyOf(principal))))
    fail({ code: 'rate_limited', retryAfterSeconds: rateLimitPeriodSeconds })
  return principal
}

/** Never alike for two kinds: a key's id has no slash. */
function rateKeyOf(principal: Principal): string {
  switch (principal.kind) {
    case 'root':
      return 'root'
    case 'api_key':
      return principal.keyId
    case 'jwt':
      return `${principal.organizationId}/${principal.subject}`
  }
}

/** The token of `Authorization: Bearer …` (RFC 6750), or null. */
export function bearerToken(c: Context): string | null {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null
}
