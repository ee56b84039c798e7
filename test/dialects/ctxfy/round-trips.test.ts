import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { ctxfy, fileIdOf, helloUpload, putObject } from '../../support/ctxfy'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { quantcdn } from '../../support/quantcdn'
import { bodyOf, rows, startWorker } from '../../support/worker'

/** A Worker whose calls to the database and the bucket are counted, with its key not yet verified. */
async function start() {
  // A verified key is believed for 30 s.
  vi.setSystemTime(Date.now())
  const token = await startWorker().organization()
  const database = recordCalls()
  const bucket = recordCalls()
  const worker = startWorker({
    DB: interceptDatabase(env.DB, database),
    BUCKET: interceptBucket(env.BUCKET, bucket),
  })
  const trips = async (call: () => Promise<Response>): Promise<[database: number, bucket: number]> => {
    database.names.length = 0
    bucket.names.length = 0
    const answer = await call()
    expect(answer.status).toBeLessThan(300)
    await answer.arrayBuffer()
    return [database.names.length, bucket.names.length]
  }
  return { worker, token, api: ctxfy(worker, token), trips }
}

describe('round trips of the Ctxfy dialect', () => {
  it('are one for an upload, whether the key is verified or not, and no more when it is repeated', async () => {
    const { api, trips } = await start()
    const once = { 'idempotency-key': 'once' }
    expect(await trips(() => api.upload(helloUpload, once))).toEqual([1, 0])
    expect(await trips(() => api.upload(helloUpload, once))).toEqual([1, 0])
    expect(await trips(() => api.upload(helloUpload))).toEqual([1, 0])
  })

  it('are one for each thing done to keys', async () => {
    const { api, trips } = await start()
    expect(await trips(() => api.createKey())).toEqual([1, 0])
    const { id } = await bodyOf(await api.createKey())
    expect(await trips(() => api.listKeys())).toEqual([1, 0])
    expect(await trips(() => api.revokeKey(id))).toEqual([1, 0])
  })

  it('of a public file: three to settle it, none from its copy, one when there is no copy', async () => {
    const { worker, token, api, trips } = await start()
    const fileKey = await api.put('hello')
    // The file, which bytes are promoted, and the end; the incoming object is in no row that would have to go.
    // Settling looks at the incoming object, reads it, copies it and deletes it; serving reads the copy.
    expect(await trips(() => api.read(fileKey))).toEqual([3, 5])
    expect(await trips(() => api.read(fileKey))).toEqual([0, 0])
    await worker.runCron()
    const { fileKey: later } = await bodyOf(await api.upload(helloUpload))
    await putObject(later, 'hello', 'text/plain')
    await quantcdn(worker, token).get(fileIdOf(later))
    expect(await trips(() => api.read(later))).toEqual([1, 1])
  })

  it('are none for what cannot be a key', async () => {
    const { worker, trips } = await start()
    const ask = async () => {
      const answer = await worker.call('GET', '/public/..%2f..%2fsecret')
      expect(answer.status).toBe(404)
      return new Response()
    }
    expect(await trips(ask)).toEqual([0, 0])
  })
})

describe('the queries of the Ctxfy dialect', () => {
  it('find keys and files by an index', async () => {
    const plan = async (sql: string) =>
      (await rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)).map((row) => row.detail).join('\n')
    const page = await plan(
      `SELECT id FROM api_keys WHERE organization_id = 'acme' ORDER BY created_at DESC, rowid DESC LIMIT 20`,
    )
    expect(page).toContain('api_keys_by_creation')
    expect(page).not.toContain('TEMP B-TREE')
  })
})
