import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { ctxfy } from './support/ctxfy'
import { cuadra, textFile } from './support/cuadra'
import { expectInvariants } from './support/invariants'
import { base64, incomingKey, quantcdn } from './support/quantcdn'
import { createS3OverBucket } from './support/s3-over-bucket'
import { seedFiles } from './support/seed-files'
import { answerStoreRequests } from './support/store-requests'
import { bodyOf, rows, startWorker } from './support/worker'

const text = { contentType: 'text/plain' }

async function start(filesMax: string) {
  answerStoreRequests(createS3OverBucket(env.BUCKET))
  const token = await startWorker().organization('acme', undefined, 0)
  const under = (max: string) => {
    const worker = startWorker({ FILES_MAX: max as Env['FILES_MAX'] })
    const files = quantcdn(worker, token)
    const blob = {
      filename: 'a',
      content_type: 'text/plain',
      byte_size: 0,
      checksum: '1B2M2Y8AsgTpgAmY7PhCfg==',
    }
    const create = (json: object) =>
      worker.call('POST', '/v1/uploads', { token, json: { filename: 'a', ...text, ...json } })
    return {
      files,
      empty: (headers?: Record<string, string>) => files.upload({ ...text, content: '' }, headers),
      /** An upload of each kind, and how its API says that there are too many files. */
      kinds: {
        base64: { begin: () => files.upload({ ...text, content: '' }), refused: 403 },
        presign: { begin: () => files.upload({ ...text, requestUploadUrl: true, size: 0 }), refused: 403 },
        ctxfy: {
          begin: () => ctxfy(worker, token).upload({ filename: 'a', ...text, size: 1 }),
          refused: 403,
        },
        blob: {
          begin: () => worker.call('POST', '/api/v1/upload/direct', { token, json: { blob } }),
          refused: 403,
        },
        form: { begin: () => cuadra(worker, token).upload([textFile('')]), refused: 402 },
        single: { begin: () => create({ size: 0 }), refused: 402 },
      },
    }
  }
  return { under, ...under(filesMax) }
}

describe('FILES_MAX', () => {
  it('bounds the files of an organization whose quota they do not touch, whichever way they come', async () => {
    const { files, empty, kinds } = await start('3')
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await bodyOf(await empty())).fileId)
    for (const [kind, { begin, refused }] of Object.entries(kinds))
      expect((await begin()).status, kind).toBe(refused)
    expect(await rows('SELECT count(*) AS n FROM files')).toEqual([{ n: 3 }])
    expect(await rows('SELECT * FROM uploads')).toEqual([])
    expect((await files.delete(ids[0] ?? '')).status).toBe(200)
    expect((await empty()).status).toBe(201)
    expect((await empty()).status).toBe(403)
    await expectInvariants({ swept: true })
  })

  it('lets exactly as many of 30 racing uploads begin as there is room for', async () => {
    const { under } = await start('7')
    const isolates = Array.from({ length: 5 }, () => under('7'))
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, number) => isolates[number % 5]?.empty() ?? Promise.reject()),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(23)
    await expectInvariants({ swept: false })
  })

  it('counts files whose bytes are awaited, were refused or never came, and a repeated request once', async () => {
    const { files, empty } = await start('3')
    const once = { 'idempotency-key': 'once' }
    const first = await bodyOf(await empty(once))
    const { fileId, s3Key } = await bodyOf(await files.upload({ ...text, requestUploadUrl: true, size: 0 }))
    await env.BUCKET.put(incomingKey(s3Key), 'more than the quota', { httpMetadata: text })
    expect((await files.get(fileId)).status).toBe(404)
    expect((await files.upload({ ...text, requestUploadUrl: true, size: 0 })).status).toBe(201)
    expect((await empty()).status).toBe(403)
    expect((await bodyOf(await empty(once))).fileId).toBe(first.fileId)
    await expectInvariants({ swept: false })
  })

  it('can be lowered below what is there: that settles and goes as ever, and nothing new begins', async () => {
    const { files, empty, under } = await start('3')
    const { fileId, s3Key } = await bodyOf(await files.upload({ ...text, requestUploadUrl: true, size: 0 }))
    for (let n = 0; n < 2; n++) await empty()
    const after = under('2')
    expect((await after.empty()).status).toBe(403)
    await env.BUCKET.put(incomingKey(s3Key), '', { httpMetadata: text })
    expect((await after.files.get(fileId)).status).toBe(200)
    expect((await after.files.delete(fileId)).status).toBe(200)
    expect((await after.empty()).status).toBe(403)
    await expectInvariants({ swept: false })
  })

  it('counts what is written into the database without the gateway, and refuses none of it', async () => {
    const { empty } = await start('3')
    await empty()
    await seedFiles(5)
    expect(await rows("SELECT file_count FROM organizations WHERE id = 'acme'")).toEqual([{ file_count: 6 }])
    expect((await empty()).status).toBe(403)
    await rows('DELETE FROM files WHERE content_id = zeroblob(16)')
    expect((await empty()).status).toBe(201)
  })
})

describe('a file, uploaded with base64', () => {
  it('costs the database no more than twice what metadata may have, whatever is in it', async () => {
    const { files } = await start('100')
    const size = async () =>
      (await rows<{ n: number }>(`SELECT sum(length(term) + length(file_id)) AS n FROM metadata_terms`))[0]
        ?.n ?? 0
    const field = 'f'.repeat(1000)
    const wide = { [field]: Array.from({ length: 64 }, (_, index) => index) }
    expect((await files.upload({ ...text, content: base64(''), metadata: wide })).status).toBe(201)
    expect(await size()).toBe(65 * (16 + 16))
    const wider = { [field]: Array.from({ length: 65 }, (_, index) => index) }
    const refused = await files.upload({ ...text, content: base64(''), metadata: wider })
    expect([refused.status, (await bodyOf(refused)).details[0].field]).toEqual([400, 'metadata'])
    expect(await size()).toBe(65 * (16 + 16))
  })
})
