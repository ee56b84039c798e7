import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { base64, quantcdn } from '../../support/quantcdn'
import { bodyOf, startWorker } from '../../support/worker'

/** A Worker whose database round trips are counted, with its key not yet verified in this isolate. */
async function start() {
  // A verified key is believed for 30 s.
  vi.setSystemTime(Date.now())
  const token = await startWorker().organization()
  const calls = recordCalls()
  const api = quantcdn(startWorker({ DB: interceptDatabase(env.DB, calls) }), token)
  const roundTrips = async (call: () => Promise<Response>): Promise<number> => {
    calls.names.length = 0
    expect((await call()).status).toBeLessThan(300)
    return calls.names.length
  }
  return { api, roundTrips }
}

describe('database round trips', () => {
  let text = 0
  const upload = (api: Awaited<ReturnType<typeof start>>['api'], headers?: Record<string, string>) =>
    api.upload(
      { content: base64(`text ${text++}`), contentType: 'text/plain', metadata: { a: [1, 2] } },
      headers,
    )

  it('are two for an upload through the Worker, whether the key is verified or not', async () => {
    const { api, roundTrips } = await start()
    expect(await roundTrips(() => upload(api))).toBe(2)
    expect(await roundTrips(() => upload(api))).toBe(2)
    expect(await roundTrips(() => upload(api, { 'idempotency-key': 'once' }))).toBe(2)
  })

  it('are no more for bytes that are known', async () => {
    const { api, roundTrips } = await start()
    const same = () => api.upload({ content: base64('same'), contentType: 'text/plain' })
    await same()
    expect(await roundTrips(same)).toBe(2)
  })

  it('are one for a presign, whether the key is verified or not, and no more when it is repeated', async () => {
    const { api, roundTrips } = await start()
    const presign = () =>
      api.upload(
        { requestUploadUrl: true, size: 5, contentType: 'text/plain' },
        { 'idempotency-key': '"presign"' },
      )
    expect(await roundTrips(presign)).toBe(1)
    expect(await roundTrips(presign)).toBe(1)
  })

  it('are one for get and for list, whether the key is verified or not', async () => {
    for (const operation of ['get', 'list'] as const) {
      const { api: seeding } = await start()
      const { fileId } = await bodyOf(await upload(seeding))
      const { api, roundTrips } = await start()
      const call = () => (operation === 'get' ? api.get(fileId) : api.list({ filter: '{"a":[1,2]}' }))
      expect(await roundTrips(call)).toBe(1)
      expect(await roundTrips(call)).toBe(1)
    }
  })
})
