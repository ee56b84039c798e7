// Set up by vitest.config.ts: files of tests share an isolate, and what one test did to it is undone before the next.
import { afterEach, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})
