import type { Context } from 'hono'
import { bearerToken } from '../../http/authenticate-request'

/** The token of `Authorization: Bearer …`, or else of `X-API-KEY`; null when there is neither. */
export function credentialOf(c: Context): string | null {
  return bearerToken(c) ?? (c.req.header('x-api-key')?.trim() || null)
}
