import { type MockInstance, vi } from 'vitest'
import { operationOf, type S3Operation, type S3OverBucket } from './s3-over-bucket'

/** Decides about one request to the store: `call` carries it out. */
export type StoreHook = (name: S3Operation, call: () => Promise<Response>) => Promise<Response>

/**
 * Has `s3` answer what an adapter or a client fetches from `origin` (S3_ENDPOINT of these tests); everything
 * else goes where it goes. Until `vi.restoreAllMocks()`.
 */
export function answerStoreRequests(
  s3: S3OverBucket,
  options: { origin?: string; hook?: StoreHook } = {},
): MockInstance<typeof fetch> {
  const { origin = 'https://store.example.com', hook = (_, call) => call() } = options
  const current = globalThis.fetch
  // `fetch` may be a spy already, and spying on a spy gives the same spy.
  const original = vi.isMockFunction(current) ? (current.getMockImplementation() ?? current) : current
  return vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    if (new URL(request.url).origin !== origin) return original(request)
    request.signal.throwIfAborted()
    return hook(operationOf(request), () => s3.fetch(request))
  })
}
