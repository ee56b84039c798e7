import type { Context } from 'hono'
import type { HttpEnv } from '../../http/context'

/** Whole portions of this size become parts in the store as they are. */
const portionBytes = 5 * 1024 ** 2

/** `Upload-Limit` for an upload that waits until `expiresAt`, in milliseconds since 1970 UTC; null: for none that was begun. */
export function uploadLimit(c: Context<HttpEnv>, expiresAt: number | null): string {
  const { limits, now } = c.get('gateway')
  const { appendMaxBytes, requestMaxBytes, uploadMaxAgeSeconds } = limits
  const age = expiresAt === null ? uploadMaxAgeSeconds : Math.max(0, Math.floor((expiresAt - now()) / 1000))
  return `max-size=${appendMaxBytes}, max-append-size=${appendBytesWithin(requestMaxBytes)}, max-age=${age}`
}

/** How many bytes one request may bring: the limit of the edge, less a margin. */
function appendBytesWithin(requestMaxBytes: number): number {
  const whole = Math.floor(requestMaxBytes / portionBytes) * portionBytes
  return whole === 0 ? requestMaxBytes : whole
}
