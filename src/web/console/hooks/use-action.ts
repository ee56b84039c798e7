import { useState } from 'preact/hooks'

/** Work that a person starts: whether it runs, and why it failed. */
export type Action = {
  isRunning: boolean
  error: Error | null
  run(work: () => Promise<unknown>): Promise<boolean>
}

/** Runs one piece of work at a time; `run` resolves with whether it succeeded. */
export function useAction(): Action {
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  return {
    isRunning,
    error,
    async run(work) {
      if (isRunning) return false
      setRunning(true)
      setError(null)
      try {
        await work()
        return true
      } catch (failure) {
        setError(failure as Error)
        return false
      } finally {
        setRunning(false)
      }
    },
  }
}
