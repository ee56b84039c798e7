type Props = {
  /** Which page this is, from 0 on. */
  at: number
  hasNext: boolean
  isLoading: boolean
  /** What is on this page, in words. */
  summary: string
  go(page: number): void
}

/** Moves through pages of a list. */
export function Pager({ at, hasNext, isLoading, summary, go }: Props) {
  return (
    <nav class="pager" aria-label="Pages">
      <span role="status">{summary}</span>
      <button type="button" class="button" disabled={at === 0 || isLoading} onClick={() => go(at - 1)}>
        Previous
      </button>
      <button type="button" class="button" disabled={!hasNext || isLoading} onClick={() => go(at + 1)}>
        Next
      </button>
    </nav>
  )
}
