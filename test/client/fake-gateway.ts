import { vi } from 'vitest'

type Answer = { status: number; json?: unknown; headers?: Record<string, string> }
export type Handler = (request: { method: string; path: string; body: unknown }) => Answer | 'lost'

/** Answers `fetch` with `handler`: the gateway at https://gateway.test and its store at https://store.test. Tells what was asked. */
export function fakeGateway(handler: Handler): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (address: string, init: RequestInit) => {
    init.signal?.throwIfAborted()
    const url = new URL(address)
    const method = init.method ?? 'GET'
    const path = url.hostname === 'store.test' ? `store${url.pathname}` : url.pathname
    asked.push(`${method} ${path}`)
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : init.body
    const answer = handler({ method, path, body })
    if (answer === 'lost') throw new TypeError('fetch failed')
    const text = answer.json === undefined ? null : JSON.stringify(answer.json)
    return new Response(text, { status: answer.status, headers: answer.headers ?? {} })
  })
  return asked
}

export const signedPart = (partNumber: number) => ({
  partNumber,
  url: `https://store.test/${partNumber}`,
  headers: {},
  size: 5,
})
