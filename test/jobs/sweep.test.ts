import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { interceptBucket, recordCalls } from '../support/intercept'
import { expectInvariants } from '../support/invariants'
import { pngBytes, quantcdn } from '../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../support/worker'

const hour = 3_600_000

async function start() {
  const worker = startWorker()
  const api = quantcdn(worker, await worker.organization())
  const presigned = async () =>
    bodyOf(await api.upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }))
  const statuses = () =>
    rows<{ id: string; status: string }>('SELECT uuid AS id, status FROM files ORDER BY id')
  return { worker, api, presigned, statuses }
}

describe('the sweep', () => {
  it('settles what arrived, refuses what was not promised, and fails what never came', async () => {
    const { worker, api, presigned, statuses } = await start()
    const arrived = await presigned()
    const wrong = await presigned()
    const missing = await presigned()
    await api.put(arrived.s3Key, 'bytes', 'text/plain')
    await api.put(wrong.s3Key, pngBytes, 'text/plain')
    await worker.runCron()
    expect((await statuses()).map(({ status }) => status)).toEqual(Array(3).fill('uploading'))

    vi.setSystemTime(Date.now() + hour)
    const log = vi.spyOn(console, 'log')
    await worker.runCron()
    expect(await statuses()).toEqual([
      { id: arrived.fileId, status: 'ready' },
      { id: wrong.fileId, status: 'error' },
      { id: missing.fileId, status: 'failed' },
    ])
    expect(log.mock.calls.map(([line]) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: 'sweep', settled: 1, refused: 1, failed: 1, errors: 0 }),
    )
    expect(await objectKeys()).toEqual([arrived.s3Key])
    expect((await bodyOf(await api.get(missing.fileId))).message).toContain('never arrived')
    await expectInvariants({ swept: true })
  })

  it('tries again to delete what could not be deleted', async () => {
    const { worker, api } = await start()
    const token = await worker.organization()
    const fileId = await api.stored('bytes')
    const calls = recordCalls((name) => (name === 'delete' ? 'before' : 'none'))
    const broken = startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) })
    expect((await quantcdn(broken, token).delete(fileId)).status).toBe(200)
    await broken.runCron()
    expect(await objectKeys()).toHaveLength(1)
    vi.setSystemTime(Date.now() + hour)
    await worker.runCron()
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('goes on with the rest when one upload cannot be looked at', async () => {
    const { worker, api, presigned, statuses } = await start()
    const first = await presigned()
    const second = await presigned()
    await api.put(second.s3Key, 'bytes', 'text/plain')
    vi.setSystemTime(Date.now() + hour)
    let heads = 0
    const calls = recordCalls((name) => (name === 'head' && heads++ === 0 ? 'before' : 'none'))
    await startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }).runCron()
    expect((await statuses()).map(({ status }) => status).sort()).toEqual(['ready', 'uploading'])
    vi.setSystemTime(Date.now() + hour)
    await worker.runCron()
    expect(await statuses()).toEqual([
      { id: first.fileId, status: 'failed' },
      { id: second.fileId, status: 'ready' },
    ])
  })

  it('does not take bytes for missing that another settler has chosen to promote', async () => {
    const { worker, presigned, api, statuses } = await start()
    const { s3Key } = await presigned()
    await api.put(s3Key, 'later', 'text/plain')
    vi.setSystemTime(Date.now() + hour)
    await env.DB.prepare("UPDATE uploads SET promoting_etag = 'of other bytes', promoting_at = ?1")
      .bind(Date.now())
      .run()
    await worker.runCron()
    expect((await statuses()).map(({ status }) => status)).toEqual(['uploading'])
    vi.setSystemTime(Date.now() + 2 * hour)
    await worker.runCron()
    expect((await statuses()).map(({ status }) => status)).toEqual(['ready'])
    await expectInvariants({ swept: false })
  })

  it('deletes what it can when one object cannot be deleted', async () => {
    const { api } = await start()
    const token = await startWorker().organization()
    const stuck = await api.stored('stuck')
    const refuseAll = recordCalls((name) => (name === 'delete' ? 'before' : 'none'))
    const offline = quantcdn(startWorker({ BUCKET: interceptBucket(env.BUCKET, refuseAll) }), token)
    for (const fileId of [stuck, await api.stored('a'), await api.stored('b')]) await offline.delete(fileId)
    expect(await objectKeys()).toHaveLength(3)
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        if (name !== 'delete') return Reflect.get(target, name, target)
        return async (keys: string[]) => {
          if (keys.some((key) => key.includes(stuck))) throw new Error('this one never')
          await target.delete(keys)
        }
      },
    })
    await startWorker({ BUCKET: bucket }).runCron()
    expect(await objectKeys()).toEqual([`acme/${stuck}.txt`])
  })

  it('is not held up by more broken uploads than it takes on at once', async () => {
    const { api, presigned, statuses } = await start()
    const broken = new Set<string>()
    for (let at = 0; at < 41; at++) broken.add((await presigned()).s3Key)
    vi.setSystemTime(Date.now() + 1000)
    const sound = await presigned()
    await api.put(sound.s3Key, 'bytes', 'text/plain')
    vi.setSystemTime(Date.now() + hour)
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return async (key: string, ...rest: unknown[]) => {
          if (name === 'head' && broken.has(key)) throw new Error('cannot be looked at')
          return member.call(target, key, ...rest)
        }
      },
    })
    const worker = startWorker({ BUCKET: bucket })
    await worker.runCron()
    await worker.runCron()
    expect((await statuses()).at(-1)).toEqual({ id: sound.fileId, status: 'ready' })
  })
})
