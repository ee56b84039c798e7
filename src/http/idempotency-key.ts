import type { Context } from 'hono'
import { failField } from '../core/errors'
import type { IdempotencyKey } from '../core/idempotency/idempotency'
import type { Principal } from '../core/organizations/principal'

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header) with its caller: a quoted string (RFC 8941) or a
 * bare one, 1–255 printable ASCII characters. Null when there is none. Throws `invalid_request`.
 */
export function idempotencyKeyOf(c: Context, caller: Principal): IdempotencyKey | null {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return null
  const text = header.trim()
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1]
  const key = quoted === undefined ? text : quoted.replace(/\\(["\\])/g, '$1')
  const isHalfQuoted = quoted === undefined && text.startsWith('"')
  if (isHalfQuoted || !/^[\x20-\x7e]{1,255}$/.test(key))
    failField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters, quoted or bare')
  // Holders of two grants do not know each other's keys, and must not meet in them.
  return { text: caller.kind === 'grant' ? `${caller.grant.id} ${key}` : key, caller }
}
