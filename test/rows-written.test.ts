import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { cuadra, textFile } from './support/cuadra'
import { blobOf, directUpload } from './support/direct-upload'
import { grants } from './support/grants'
import { type Meter, meterBucket, meterDatabase, newMeter } from './support/metered-bindings'
import { base64, quantcdn } from './support/quantcdn'
import { createS3OverBucket } from './support/s3-over-bucket'
import { answerStoreRequests } from './support/store-requests'
import { put, uploads } from './support/uploads'
import { bodyOf, startWorker } from './support/worker'

const hour = 3_600_000

type Started = Awaited<ReturnType<typeof start>>

/** A Worker whose rows are counted; its key was used before. */
async function start() {
  answerStoreRequests(createS3OverBucket(env.BUCKET))
  const token = await startWorker().organization()
  const meter = newMeter()
  const worker = startWorker({ DB: meterDatabase(env.DB, meter), BUCKET: meterBucket(env.BUCKET, meter) })
  const files = quantcdn(worker, token)
  await files.list()
  return {
    worker,
    meter,
    files,
    api: uploads(worker, token),
    direct: directUpload(worker, token),
    own: grants(worker, token),
    forms: cuadra(worker, token),
  }
}

async function written(meter: Meter, work: () => Promise<unknown>): Promise<number> {
  const before = meter.rowsWritten
  await work()
  return meter.rowsWritten - before
}

/**
 * Whole uploads, with the forgetting of what is remembered of them for a while. One row is the organization's, whose limits are
 * noted with its first upload.
 */
const uploadsOfAllKinds: Record<string, { most: number; upload: (started: Started) => Promise<unknown> }> = {
  '/v1/uploads, one PUT': {
    most: 12,
    async upload({ api }) {
      const told = await api.inOne('bytes')
      expect((await put(told, 'bytes')).status).toBe(200)
      expect((await api.complete(told.id)).status).toBe(200)
    },
  },
  'Direct Upload': {
    most: 12,
    async upload({ direct }) {
      const { signed_id, direct_upload } = await bodyOf(await direct.create(await blobOf('bytes')))
      expect((await put(direct_upload, 'bytes')).status).toBe(200)
      expect((await direct.get(signed_id)).status).toBe(200)
    },
  },
  'QuantCDN, by a bare URL that is promoted': {
    most: 13,
    async upload({ files }) {
      const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
      const { fileId, uploadUrl: url } = await bodyOf(await files.upload(json))
      expect((await put({ url, headers: { 'content-type': 'text/plain' } }, 'bytes')).status).toBe(200)
      expect((await files.get(fileId)).status).toBe(200)
    },
  },
  'under a grant, one PUT': {
    most: 16,
    async upload({ own }) {
      const held = await own.hold()
      const told = await held.inOne('bytes')
      expect((await put(told, 'bytes')).status).toBe(200)
      expect((await held.call('POST', `/v1/uploads/${told.id}/complete`)).status).toBe(200)
    },
  },
  'under a grant, in one request': {
    most: 17,
    async upload({ own }) {
      expect((await (await own.hold()).put('a.txt', 'bytes')).status).toBe(201)
    },
  },
  'base64 through the Worker': {
    most: 12,
    async upload({ files }) {
      const json = { content: base64('bytes'), contentType: 'text/plain' }
      expect((await files.upload(json)).status).toBe(201)
    },
  },
  'a form through the Worker': {
    most: 13,
    async upload({ forms }) {
      expect((await forms.upload([textFile('bytes')])).status).toBe(201)
    },
  },
}

describe('the rows that D1 charges for', () => {
  it.each(Object.entries(uploadsOfAllKinds))('are few: %s', async (_, { most, upload }) => {
    const started = await start()
    const { meter, worker } = started
    const rows = await written(meter, async () => {
      await upload(started)
      await worker.runCron()
      vi.setSystemTime(Date.now() + 26 * hour)
      await worker.runCron()
    })
    expect(rows).toBeLessThanOrEqual(most)
  })

  it('are none for a sweep that finds nothing to do', async () => {
    const { meter, worker } = await start()
    expect(await written(meter, () => worker.runCron())).toBe(0)
  })
})
