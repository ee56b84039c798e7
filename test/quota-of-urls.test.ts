import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { expectInvariants } from './support/invariants'
import { base64, quantcdn } from './support/quantcdn'
import { bodyOf, rootKey, rows, startWorker } from './support/worker'

const hour = 3_600_000
const unsized = { requestUploadUrl: true, contentType: 'text/plain' }

async function start(quotaBytes?: number) {
  const worker = startWorker()
  const token = await worker.organization('acme', undefined, quotaBytes)
  return { worker, token, files: quantcdn(worker, token) }
}

describe('an organization of whose quota nothing is left', () => {
  it.each([
    [
      'is used',
      async ({ files }: Awaited<ReturnType<typeof start>>) => {
        const json = { content: base64('ten bytes!'), contentType: 'text/plain' }
        expect((await files.upload(json)).status).toBe(201)
      },
    ],
    [
      'is promised',
      async ({ files }: Awaited<ReturnType<typeof start>>) => {
        expect((await files.upload({ ...unsized, size: 10 })).status).toBe(201)
      },
    ],
  ])('gets no URL when all of it %s, but for nothing at all', async (_, use) => {
    const started = await start(10)
    const { files } = started
    expect((await files.upload(unsized)).status).toBe(201)
    await use(started)
    const refused = await files.upload(unsized)
    expect(refused.status).toBe(403)
    expect((await bodyOf(refused)).message).toContain('quota')
    expect((await files.upload({ ...unsized, size: 1 })).status).toBe(403)
    expect((await files.upload({ ...unsized, size: 0 })).status).toBe(201)
    await expectInvariants({ swept: false })
  })

  it('gets none with a quota of nothing', async () => {
    const { files } = await start(0)
    expect((await files.upload(unsized)).status).toBe(403)
    expect((await files.upload({ ...unsized, size: 0 })).status).toBe(201)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })
})

describe('uploads of unknown size of an organization with a quota', () => {
  it('are ten at a time, of fifty that race; those with a size are not among them', async () => {
    const { token, files } = await start(1000)
    const isolates = Array.from({ length: 5 }, () => quantcdn(startWorker(), token))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => isolates[at % 5]?.upload(unsized) ?? Promise.reject()),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    const refused = answers.filter(({ status }) => status === 403)
    expect(refused).toHaveLength(40)
    for (const answer of refused) expect((await bodyOf(answer)).message).toContain('send size')
    expect((await files.upload({ ...unsized, size: 5 })).status).toBe(201)
    expect(await rows('SELECT count(*) AS n FROM files')).toEqual([{ n: 11 }])
    await expectInvariants({ swept: false })
  })

  it('may begin again when one is over: settled, deleted or expired', async () => {
    const { worker, files } = await start(1000)
    const begun: { fileId: string; s3Key: string }[] = []
    for (let at = 0; at < 10; at++) begun.push(await bodyOf(await files.upload(unsized)))
    const [first, second] = begun
    expect((await files.upload(unsized)).status).toBe(403)
    await files.put(first?.s3Key ?? '', 'bytes', 'text/plain')
    expect((await files.get(first?.fileId ?? '')).status).toBe(200)
    expect((await files.upload(unsized)).status).toBe(201)
    expect((await files.upload(unsized)).status).toBe(403)
    expect((await files.delete(second?.fileId ?? '')).status).toBe(200)
    expect((await files.upload(unsized)).status).toBe(201)
    expect((await files.upload(unsized)).status).toBe(403)
    vi.setSystemTime(Date.now() + 2 * hour)
    await worker.runCron()
    expect((await files.upload(unsized)).status).toBe(201)
  })

  it('are told the same when the same request is repeated under its key', async () => {
    const { files } = await start(1000)
    for (let at = 0; at < 9; at++) await files.upload(unsized)
    const key = { 'idempotency-key': 'the tenth' }
    expect((await files.upload(unsized, key)).status).toBe(201)
    expect((await files.upload(unsized, key)).status).toBe(201)
    expect((await files.upload(unsized, { 'idempotency-key': 'the eleventh' })).status).toBe(403)
    expect(await rows('SELECT count(*) AS n FROM idempotency_records')).toEqual([{ n: 1 }])
  })

  it('are as many as other uploads without a quota, and few again once there is one', async () => {
    const { worker, files } = await start()
    for (let at = 0; at < 12; at++) expect((await files.upload(unsized)).status).toBe(201)
    const json = { name: 'a', quotaBytes: 1000 }
    expect((await worker.call('PUT', '/v1/organizations/acme', { token: rootKey, json })).status).toBe(200)
    expect((await files.upload(unsized)).status).toBe(403)
    expect(await env.DB.prepare('SELECT count(*) AS n FROM files').first('n')).toBe(12)
  })
})
