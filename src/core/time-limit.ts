/**
 * What `call` resolves to. Rejects after `limitMs`. The call may still succeed then: record what it could leave behind (an
 * outbox row) before you start it.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  call: () => Promise<T>,
  toError: (cause: Error) => Error = (cause) => cause,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(toError(new Error(`no answer within ${limitMs} ms`)))
    }, limitMs)
  })
  try {
    return await Promise.race([call(), late])
  } finally {
    clearTimeout(timer)
  }
}
