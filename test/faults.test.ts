import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Calls,
  type Fault,
  interceptBucket,
  interceptDatabase,
  recordCalls,
} from './support/faulty-bindings'
import { expectInvariants } from './support/invariants'
import { base64, pngBytes, quantcdn } from './support/quantcdn'
import { bodyOf, rows, startWorker } from './support/worker'

afterEach(() => {
  vi.useRealTimers()
})

const week = 7 * 24 * 3_600_000

type Api = ReturnType<typeof quantcdn>
type Scenario = {
  name: string
  /** Made with sound bindings. What it returns is handed to `act`. */
  prepare: (api: Api) => Promise<string>
  /** The request under faults; sent again, as a client would, when it fails. */
  act: (api: Api, prepared: string) => Promise<Response>
}

const key = { 'idempotency-key': 'retried' }
const direct = { content: base64('bytes'), contentType: 'text/plain', metadata: { a: 1 } }
const presigned = async (api: Api, put: (s3Key: string) => Promise<void>): Promise<string> => {
  const { fileId, s3Key } = await bodyOf(
    await api.upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }),
  )
  await put(s3Key)
  return fileId
}

const scenarios: Scenario[] = [
  { name: 'an upload', prepare: async () => '', act: (api) => api.upload(direct, key) },
  {
    name: 'an upload of known bytes',
    prepare: (api) => api.stored('bytes'),
    act: (api) => api.upload(direct, key),
  },
  {
    name: 'a presign',
    prepare: async () => '',
    act: (api) => api.upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }, key),
  },
  {
    name: 'settling on read',
    prepare: (api) => presigned(api, (s3Key) => api.put(s3Key, 'bytes', 'text/plain')),
    act: (api, fileId) => api.get(fileId),
  },
  {
    name: 'refusing on read',
    prepare: (api) => presigned(api, (s3Key) => api.put(s3Key, pngBytes.subarray(0, 20), 'text/plain')),
    act: (api, fileId) => api.get(fileId),
  },
  {
    name: 'a deletion',
    prepare: (api) => api.stored('bytes'),
    act: (api, fileId) => api.delete(fileId),
  },
  {
    name: 'a deletion of shared bytes',
    prepare: async (api) => {
      await api.stored('bytes')
      return api.stored('bytes')
    },
    act: (api, fileId) => api.delete(fileId),
  },
]

/** A Worker whose calls to D1 and R2 share one numbering. */
function faultyWorker(decide: (index: number) => Fault) {
  const calls: Calls = recordCalls()
  calls.decide = (_, index) => decide(index)
  return {
    calls,
    bindings: { DB: interceptDatabase(env.DB, calls), BUCKET: interceptBucket(env.BUCKET, calls) },
  }
}

describe('after a fault at any step, a retry and a sweep', () => {
  it.each(scenarios)('the invariants hold for $name', async ({ prepare, act }) => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let points = 0
    // `die`: this call and all after it fail, as if the Worker had stopped there.
    for (const fault of ['before', 'after', 'die'] as const) {
      for (let step = 0; ; step++) {
        const sound = startWorker()
        const organization = `acme`
        const token = await sound.organization(organization)
        const api = quantcdn(sound, token)
        const prepared = await prepare(api)
        const filesBefore = (await rows('SELECT id FROM files')).length

        const { calls, bindings } = faultyWorker((index) => {
          if (fault === 'die') return index >= step ? 'before' : 'none'
          return index === step ? fault : 'none'
        })
        await act(quantcdn(startWorker(bindings), token), prepared)
        await expectInvariants({ swept: false })
        const reached = calls.names.length > step

        vi.setSystemTime(Date.now() + 61_000)
        const retried = await act(api, prepared)
        expect(retried.status, `retry after ${fault} ${step}`).toBeLessThan(500)
        await expectInvariants({ swept: false })
        const filesAfter = await rows("SELECT id FROM files WHERE status <> 'uploading'")
        expect(filesAfter.length).toBeLessThanOrEqual(filesBefore + 1)

        // Everything the request promised is over; late arrivals have been waited for.
        vi.setSystemTime(Date.now() + week)
        for (let round = 0; round < 3; round++) await sound.runCron()
        await expectInvariants({ swept: true })
        expect(await rows("SELECT file_id FROM uploads WHERE state = 'pending'")).toEqual([])
        expect(await rows('SELECT object_key FROM object_deletions')).toEqual([])
        vi.useRealTimers()
        await clear()
        if (!reached) break
        points++
      }
    }
    expect(points).toBeGreaterThan(5)
    process.stdout.write(`${points} faults injected\n`)
  })
})

async function clear(): Promise<void> {
  const tables = [
    'idempotency_records',
    'object_deletions',
    'uploads',
    'metadata_terms',
    'files',
    'contents',
    'api_keys',
    'organizations',
  ]
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
  const { objects } = await env.BUCKET.list()
  await env.BUCKET.delete(objects.map((object) => object.key))
}
