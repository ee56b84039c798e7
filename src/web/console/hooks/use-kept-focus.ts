import { useEffect } from 'preact/hooks'

/** When a change of `shown` took away what had the focus, such as the button of a row, the content of the page gets it. */
export function useKeptFocus(shown: unknown): void {
  useEffect(() => {
    if (document.activeElement !== document.body) return
    document.getElementById('main')?.focus({ preventScroll: true })
  }, [shown])
}
