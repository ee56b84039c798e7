import { vi } from 'vitest'

/** Everything that is logged from now on, as one text and as the events it is, until `vi.restoreAllMocks()`. */
export function captureLogs(): { text: () => string; events: () => Record<string, unknown>[] } {
  const lines: string[] = []
  for (const method of ['log', 'error', 'warn', 'info', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((...parts) => void lines.push(parts.join(' ')))
  return { text: () => lines.join('\n'), events: () => lines.map((line) => JSON.parse(line)) }
}
