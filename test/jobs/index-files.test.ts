import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Metadata } from '../../src/core/files/metadata'
import { expectInvariants } from '../support/invariants'
import { meterDatabase, newMeter } from '../support/metered-bindings'
import { incomingKey, quantcdn } from '../support/quantcdn'
import { seededId, seedFiles } from '../support/seed-files'
import { bodyOf, rows, startWorker } from '../support/worker'

/** Files as they were before the metadata index was as it now is. */
async function start(files: number, metadataOf: (index: number) => Metadata) {
  const worker = startWorker()
  const api = quantcdn(worker, await worker.organization())
  if (files > 0) await seedFiles(files)
  await env.DB.prepare(
    `UPDATE files SET terms = NULL, metadata = m.value ->> '$[1]' FROM json_each(?1) m WHERE files.id = m.value ->> '$[0]'`,
  )
    .bind(
      JSON.stringify(
        Array.from({ length: files }, (_, at) => [seededId(at + 1), JSON.stringify(metadataOf(at + 1))]),
      ),
    )
    .run()
  const found = async (filter: Metadata) =>
    (await bodyOf(await api.list({ filter: JSON.stringify(filter), limit: '200' }))).files.length
  return { worker, api, found }
}

describe('a sweep', () => {
  it('puts files from before into the metadata index, so that filters find them', async () => {
    const { worker, api, found } = await start(250, (n) => ({ n, tags: ['all', n % 2 ? 'odd' : 'even'] }))
    expect(await found({ tags: 'all' })).toBe(0)
    await worker.runCron()
    expect(await found({ tags: ['all', 'odd'] })).toBe(125)
    expect(await found({ n: 250 })).toBe(1)
    expect((await api.delete(seededId(250))).status).toBe(200)
    expect(await found({ n: 250 })).toBe(0)
    expect(await rows('SELECT count(*) AS n FROM files WHERE terms IS NULL')).toEqual([{ n: 0 }])
  })

  it('indexes of a file no more than a new one may have', async () => {
    const { worker, found } = await start(1, () => ({ a: Array.from({ length: 100 }, (_, at) => at) }))
    await worker.runCron()
    expect(await rows('SELECT count(*) AS n FROM metadata_terms')).toEqual([{ n: 64 }])
    expect([await found({ a: 63 }), await found({ a: 64 })]).toEqual([1, 0])
  })

  it('notes the terms of a file whose bytes are awaited, which is found once they have come', async () => {
    const { worker, api, found } = await start(0, () => ({}))
    const metadata = { a: 1 }
    const awaited = { requestUploadUrl: true, contentType: 'text/plain', metadata }
    const { fileId, s3Key } = await bodyOf(await api.upload(awaited))
    await rows('UPDATE files SET terms = NULL')
    await worker.runCron()
    expect(await rows('SELECT * FROM metadata_terms')).toEqual([])
    await env.BUCKET.put(incomingKey(s3Key), 'hello', { httpMetadata: { contentType: 'text/plain' } })
    expect((await api.get(fileId)).status).toBe(200)
    expect(await found(metadata)).toBe(1)
    await expectInvariants({ swept: false })
  })

  it('takes a statement to see that there are none, and stops in time where there are many', async () => {
    const { worker } = await start(0, () => ({}))
    await worker.runCron()
    const statementsOf = async () => {
      const meter = newMeter()
      await startWorker({ DB: meterDatabase(env.DB, meter) }).runCron()
      return meter.statements
    }
    const none = await statementsOf()
    await seedFiles(6500)
    await rows('UPDATE files SET terms = NULL, metadata = \'{"a":1}\'')
    expect((await statementsOf()) - none).toBe(60 * 3 - 1)
    expect(await rows('SELECT count(*) AS n FROM files WHERE terms IS NULL')).toEqual([{ n: 500 }])
    await worker.runCron()
    expect(await rows('SELECT count(*) AS n FROM metadata_terms')).toEqual([{ n: 6500 }])
  }, 60_000)
})
