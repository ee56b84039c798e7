/**
 * What `call` resolves to; rejects after `limitMs` when it has not settled by then, and aborts `signal` at that
 * moment and never afterwards, so that what it resolved to, such as a body, can take its time. What was called
 * may still take effect later: whoever gives it up must have written down what then is to be taken away.
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
