/**
 * What `call` resolves to; rejects after `limitMs` when it has not settled by then. What was called may still
 * take effect later: whoever gives it up must have written down what then is to be taken away.
 */
export async function withTimeLimit<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([call(), late])
  } finally {
    clearTimeout(timer)
  }
}
