import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export type Loaded<Value> = {
  /** The newest value, also while it is loaded anew; undefined before the first. */
  value: Value | undefined
  /** Why the last try failed; null when it did not. */
  error: Error | null
  isLoading: boolean
  reload(): void
}

/**
 * What `load` resolves with, loaded anew when one of `inputs` changes and whenever `reload` is called. An answer that is
 * overtaken by a newer question is dropped. `everyMs`: loaded anew that often while the page is visible.
 */
export function useLoad<Value>(
  load: () => Promise<Value>,
  inputs: readonly unknown[],
  everyMs?: number,
): Loaded<Value> {
  const [state, setState] = useState<Omit<Loaded<Value>, 'reload'>>({
    value: undefined,
    error: null,
    isLoading: true,
  })
  const newest = useRef(0)
  const current = useRef(load)
  current.current = load

  const reload = useCallback(() => {
    const question = ++newest.current
    const settle = (change: Partial<Loaded<Value>>) => {
      if (question === newest.current) setState((before) => ({ ...before, ...change, isLoading: false }))
    }
    setState((before) => ({ ...before, isLoading: true }))
    current.current().then(
      (value) => settle({ value, error: null }),
      (error: Error) => settle({ error }),
    )
  }, [])

  useEffect(() => {
    reload()
    return () => {
      newest.current++
    }
  }, inputs)

  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  return { ...state, reload }
}
