import { GatewayError } from '../core/errors'

/** How long a store may take over a call that moves no bytes, in milliseconds. */
export const briefLimitMs = 10_000

/** How long a store may take over `byteSize` bytes: half a minute, and a second for every MiB. */
export function transferLimitMs(byteSize: number): number {
  return 30_000 + Math.ceil(byteSize / 1024 ** 2) * 1000
}

/**
 * `call`, or `store_failed` after `ms` milliseconds: R2 bindings and sockets may stay silent for ever. `signal`
 * is aborted at that moment and never afterwards, so that what `call` resolved to, such as a body, can take its time.
 */
export async function withTimeLimit<T>(
  operation: string,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const cause = new Error(`no answer within ${ms} ms`)
      reject(new GatewayError({ code: 'store_failed', operation }, { cause }))
      controller.abort(cause)
    }, ms)
  })
  try {
    return await Promise.race([call(controller.signal), overdue])
  } finally {
    clearTimeout(timer)
  }
}
