import { GatewayError } from '../core/errors'
import { withTimeLimit } from '../core/time-limit'

/** How long a store may take over a call that moves no bytes, in milliseconds. */
export const briefLimitMs = 10_000

/** Less than a promotion may take: a put that its caller has given up must not land later. */
const transferLimitMaxMs = 55 * 60_000

/** How long a store may take to put the parts of an upload together, up to 10 000 of them, in milliseconds. */
export const completeLimitMs = 60_000

/** How long a store may take over `byteSize` bytes: half a minute, and a second for every MiB, up to 55 minutes. */
export function transferLimitMs(byteSize: number): number {
  return Math.min(30_000 + Math.ceil(byteSize / 1024 ** 2) * 1000, transferLimitMaxMs)
}

/**
 * `call`, or `store_failed` after `limitMs`: R2 bindings and sockets may stay silent for ever. `signal` is aborted then and
 * never afterwards, so that a body that `call` resolved to can take its time.
 */
export function withStoreLimit<T>(
  operation: string,
  limitMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  return withTimeLimit(
    limitMs,
    () => call(controller.signal),
    (cause) => {
      // Once the limit has decided: what `call` makes of the signal is not to come first.
      queueMicrotask(() => controller.abort(cause))
      return new GatewayError({ code: 'store_failed', operation }, { cause })
    },
  )
}
