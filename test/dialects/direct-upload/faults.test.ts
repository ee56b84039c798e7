import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { blobOf, directUpload } from '../../support/direct-upload'
import { type Fault, interceptBucket, interceptDatabase, recordCalls } from '../../support/faulty-bindings'
import { expectInvariants } from '../../support/invariants'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const week = 7 * 24 * 3_600_000
const once = { 'idempotency-key': 'retried' }
type Api = ReturnType<typeof directUpload>
type Blob = { key: string; signed_id: string }

/** `put`: what has come when the request under faults is made; null: it is the one that makes the blob. */
const scenarios = [
  { name: 'a blob is made', put: null, algorithm: 'MD5' },
  { name: 'bytes are settled by their MD5', put: 'hello', algorithm: 'MD5' },
  { name: 'bytes are settled by reading them', put: 'hello', algorithm: 'SHA-256' },
  { name: 'other bytes are refused', put: 'jello', algorithm: 'SHA-256' },
] as const

describe('after a fault at any step, a retry and a sweep', () => {
  it.each(scenarios)('the invariants hold when $name', async ({ put, algorithm }) => {
    for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {})
    const blob = await blobOf('hello', {}, { algorithm })
    let points = 0
    for (const fault of ['before', 'after', 'die'] as const)
      for (let step = 0; ; step++) {
        const organization = `acme-${fault}-${step}`
        const sound = startWorker()
        const token = await sound.organization(organization)
        const api = directUpload(sound, token)
        const made: Blob | null = put === null ? null : await bodyOf(await api.create(blob))
        if (made !== null && put !== null) await api.put(made.key, put)
        const act = (by: Api) => (made === null ? by.create(blob, once) : by.get(made.signed_id))

        const calls = recordCalls((_, index): Fault => {
          if (fault === 'die') return index >= step ? 'before' : 'none'
          return index === step ? fault : 'none'
        })
        const bindings = { DB: interceptDatabase(env.DB, calls), BUCKET: interceptBucket(env.BUCKET, calls) }
        await act(directUpload(startWorker(bindings), token))
        await expectInvariants({ swept: false })

        vi.setSystemTime(Date.now() + 61_000)
        expect((await act(api)).status, `retry after ${fault} ${step}`).toBe(put === 'jello' ? 404 : 200)
        await expectInvariants({ swept: false })
        expect(await rows('SELECT id FROM files WHERE organization_id = ?1', organization)).toHaveLength(1)

        vi.setSystemTime(Date.now() + week)
        for (let round = 0; round < 3; round++) await sound.runCron()
        await expectInvariants({ swept: true })
        points++
        expect(await objectKeys()).toHaveLength(put === 'hello' ? points : 0)
        vi.useRealTimers()
        if (calls.names.length <= step) break
      }
    expect(points).toBeGreaterThan(5)
  })
})
