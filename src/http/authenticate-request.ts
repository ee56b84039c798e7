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
 * key's rate. Throws `unauthenticated`, `rate_limited`.
 */
export async function authenticateRequest(c: Context<HttpEnv>, token: string | null): Promise<Principal> {
  const principal = await authenticate(c.var.gateway, c.var.credentials, token)
  c.set('principal', principal)
  const rateKey = principal.kind === 'root' ? 'root' : principal.keyId
  if (!(await c.var.allowsRequest(rateKey)))
    fail({ code: 'rate_limited', retryAfterSeconds: rateLimitPeriodSeconds })
  return principal
}

/** The token of `Authorization: Bearer …` (RFC 6750), or null. */
export function bearerToken(c: Context): string | null {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null
}
