import type { Context } from 'hono'
import type { PortionDigest } from '../../core/append/append'
import { promisedSha256 } from '../../http/digest-fields'

/** What `Content-Digest` promises of the body of a request; null: nothing that is compared. Throws `invalid_request`. */
export function contentDigestOf(c: Context): PortionDigest | null {
  const expected = promisedSha256(c.req.header('content-digest'), 'Content-Digest')
  return expected === null ? null : { algorithm: 'sha256', expected }
}
