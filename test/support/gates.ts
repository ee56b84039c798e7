/** A place where a call waits until the test lets it go on. */
export type Gate = {
  /** Resolves when the first call stands there. */
  reached: Promise<void>
  open: () => void
  /** Stands there the first time, and passes from then on. */
  pass: () => Promise<void>
}

export function createGate(): Gate {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  let isFirst = true
  return {
    reached: reached.promise,
    open: opened.resolve,
    async pass() {
      if (!isFirst) return
      isFirst = false
      reached.resolve()
      await opened.promise
    },
  }
}
