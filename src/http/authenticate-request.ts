import type { Context } from 'hono'
import { fail } from '../core/errors'
import { grantTokenPrefix } from '../core/grants/grant-token'
import { authenticate } from '../core/organizations/authenticate'
import type { Principal } from '../core/organizations/principal'
import { guardRequest } from './confirm-key'
import type { HttpEnv } from './context'
import { isAllowedOrigin } from './origins'

/** The period of the rate limiter in `wrangler.toml`. The binding does not tell when it allows requests again. */
export const rateLimitPeriodSeconds = 60
/** How many requests the rate limiter allows in that time. */
export const rateLimitRequests = 1200

/**
 * Authenticates the request by the token in its path, or else by `token`, and sets `principal` on the context. If the database has to be asked about an API
 * key, `gateway` on the context does so from now on, and `answerConfirmed` at the latest. Counts the request against the
 * rate of the API key, of the grant or of the JWT's subject, and a refused credential against the rate of the client's address.
 * Throws `grant_refuses_origin`, `rate_limited` and what `authenticate` throws.
 */
export async function authenticateRequest(c: Context<HttpEnv>, token: string | null): Promise<Principal> {
  const address = networkOf(c.req.header('cf-connecting-ip') ?? '')
  const pathToken = c.get('pathToken')
  const presented = pathToken === undefined ? token : grantTokenIn(pathToken)
  const { principal, unverified } = await authenticate(c.get('gateway'), c.get('credentials'), presented, {
    address,
    // Cannot collide with the other rates' keys: ids have no blanks.
    allowsRefusal: () => c.get('allowsRequest')(`address ${address}`),
  })
  c.set('principal', principal)
  requireOrigin(principal, c.req.header('origin'))
  if (unverified !== null) guardRequest(c, unverified)
  if (!(await c.get('allowsRequest')(rateKeyOf(principal))))
    fail({ code: 'rate_limited', retryAfterSeconds: rateLimitPeriodSeconds })
  return principal
}

/** `address`; of an IPv6 address its first 64 bits, as one client has at least such a network (RFC 4291, section 2.5.4). */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length)
  const whole = [...groups, ...Array<string>(zeros).fill('0'), ...last]
  return `${whole.slice(0, 4).join(':')}::/64`
}

/** A JWT's key contains `/`, the id of an API key or a grant never does, so these cannot collide. */
function rateKeyOf(principal: Principal): string {
  switch (principal.kind) {
    case 'root':
      return 'root'
    case 'api_key':
      return principal.keyId
    case 'grant':
      return principal.grant.id
    case 'jwt':
      return `${principal.organizationId}/${principal.subject}`
  }
}

/** Only a grant may be in an address: what is not one is none of the gateway's tokens. */
function grantTokenIn(pathToken: string): string {
  return pathToken.startsWith(grantTokenPrefix) ? pathToken : ''
}

/** Throws `grant_refuses_origin` for a web page that may not use the grant. A program sends what Origin it likes. */
function requireOrigin(principal: Principal, origin: string | undefined): void {
  if (principal.kind !== 'grant' || origin === undefined) return
  const { origins } = principal.grant
  if (origins !== null && !isAllowedOrigin(origins, origin)) fail({ code: 'grant_refuses_origin' })
}

/** The token of `Authorization: Bearer …` (RFC 6750), or null. */
export function bearerToken(c: Context): string | null {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null
}
