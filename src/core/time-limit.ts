/**
 * What `call` resolves to. Rejects after `limitMs`, and aborts `signal` then and never afterwards, so that a body that `call`
 * resolved to can take its time. After a rejection the call may still succeed: record what it could leave behind (an
 * outbox row) before you start it.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  toError: (cause: Error) => Error = (cause) => cause,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const cause = new Error(`no answer within ${limitMs} ms`)
      reject(toError(cause))
      controller.abort(cause)
    }, limitMs)
  })
  try {
    return await Promise.race([call(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
