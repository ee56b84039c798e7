const firstMs = 500
const mostMs = 30_000
/** The longest that a server's `Retry-After` is obeyed. */
const toldMostMs = 300_000

/**
 * How long to wait after `failures` failures in a row, in milliseconds: twice as long each time, half of it by chance so that
 * many clients do not come back together, and no shorter than `retryAfter` says, the header's seconds or date.
 */
export function backoffMs(
  failures: number,
  retryAfter: string | null,
  now = Date.now(),
  random = Math.random(),
): number {
  const most = Math.min(mostMs, firstMs * 2 ** (failures - 1))
  return Math.max((most * (1 + random)) / 2, Math.min(toldMs(retryAfter, now), toldMostMs))
}

function toldMs(retryAfter: string | null, now: number): number {
  if (!retryAfter) return 0
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now
  return ms > 0 ? ms : 0
}

/** Whether the same request may succeed later. 409 with `Retry-After`: the gateway is still at an earlier try of it. */
export function isTransient(status: number, retryAfter: string | null): boolean {
  if (status === 409) return retryAfter !== null
  return status === 0 || status === 408 || status === 429 || (status >= 500 && status !== 501)
}

/** Resolves after `ms`, or sooner: when `signal` aborts, or the browser is online again. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      globalThis.removeEventListener?.('online', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    globalThis.addEventListener?.('online', done)
    if (signal.aborted) done()
  })
}
