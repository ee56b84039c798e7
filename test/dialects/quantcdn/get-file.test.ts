import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { base64, incomingKey, pngBytes, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rootKey, rows, startWorker } from '../../support/worker'

async function start(quotaBytes?: number) {
  const worker = startWorker()
  const api = quantcdn(worker, await worker.organization('acme', undefined, quotaBytes))
  const presigned = async (more: Record<string, unknown> = {}) =>
    bodyOf(await api.upload({ requestUploadUrl: true, contentType: 'text/plain', ...more }))
  return { worker, api, presigned }
}

const notFound = (words: string) => ({ error: true, message: expect.stringContaining(words) })

describe('getFile', () => {
  it('answers with the documented fields', async () => {
    const { api } = await start()
    const fileId = await api.stored('hello', { filename: 'häßlich "1".txt', metadata: { a: [1, null] } })
    const answer = await api.get(fileId)
    expect(answer.status).toBe(200)
    const body = await bodyOf(answer)
    expect(body).toEqual({
      fileId,
      s3Uri: `s3://slipway/acme/${fileId}.txt`,
      url: expect.any(String),
      filename: 'häßlich "1".txt',
      contentType: 'text/plain',
      size: 5,
      metadata: { a: [1, null], artifactType: 'document' },
      createdAt: expect.any(String),
    })
    const query = new URL(body.url).searchParams
    expect(query.get('response-content-type')).toBe('text/plain')
    expect(query.get('response-content-disposition')).toBe(
      `attachment; filename="ha_lich _1_.txt"; filename*=UTF-8''h%C3%A4%C3%9Flich%20%221%22.txt`,
    )
  })

  it('finds a file by its id in upper case', async () => {
    const { api } = await start()
    const fileId = await api.stored('hello')
    expect((await api.get(fileId.toUpperCase())).status).toBe(200)
  })

  it.each(['nonsense', '00000000-0000-7000-8000-000000000000', '%00', 'a'.repeat(2000)])(
    'does not find %j',
    async (fileId) => {
      const { api } = await start()
      const answer = await api.get(fileId)
      expect(answer.status).toBe(404)
      expect(await bodyOf(answer)).toEqual({ error: true, message: 'File not found' })
    },
  )

  it("does not find another organization's file, in the very words for one that never was", async () => {
    const { worker, api } = await start()
    const fileId = await api.stored('secret')
    const other = quantcdn(worker, await worker.organization('other'), '/api/v3/organizations/other/ai/files')
    for (const method of ['GET', 'DELETE']) {
      const theirs = await other.call(method, `/${fileId}`)
      const nobodys = await other.call(method, '/00000000-0000-7000-8000-000000000000')
      expect([theirs.status, await theirs.text()]).toEqual([nobodys.status, await nobodys.text()])
      expect(theirs.status).toBe(404)
    }
    expect((await api.get(fileId)).status).toBe(200)
  })
})

describe('getFile of a presigned upload', () => {
  it('says that it is still uploading while nothing has arrived', async () => {
    const { api, presigned } = await start()
    const { fileId } = await presigned({ size: 3 })
    const answer = await api.get(fileId)
    expect(answer.status).toBe(404)
    expect(await bodyOf(answer)).toEqual(notFound('still uploading'))
    expect((await bodyOf(await api.list())).files).toEqual([])
  })

  it('makes the file ready once its bytes are there as promised', async () => {
    const { worker, api, presigned } = await start()
    const { fileId, s3Key } = await presigned({ size: 3, metadata: { a: 1 } })
    await api.put(s3Key, 'abc', 'text/plain')
    const answer = await api.get(fileId)
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toMatchObject({ fileId, size: 3, s3Uri: `s3://slipway/${s3Key}` })
    const { files } = await bodyOf(await api.list({ filter: '{"a":1}' }))
    expect(files).toMatchObject([{ fileId, size: 3 }])
    const usage = await bodyOf(await worker.call('GET', '/v1/organizations/acme', { token: rootKey }))
    expect(usage).toMatchObject({ usedBytes: 3, reservedBytes: 0 })
    await expectInvariants({ swept: true })
  })

  it('learns the size where none was promised', async () => {
    const { api, presigned } = await start()
    const { fileId, s3Key } = await presigned()
    await api.put(s3Key, 'abcdef', 'text/plain')
    expect(await bodyOf(await api.get(fileId))).toMatchObject({ size: 6 })
    await expectInvariants({ swept: true })
  })

  it('settles once when eight readers come at the same time', async () => {
    const { api, presigned } = await start()
    const { fileId, s3Key } = await presigned({ size: 3 })
    await api.put(s3Key, 'abc', 'text/plain')
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.get(fileId)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: 3 }])
    await expectInvariants({ swept: true })
  })

  const refused: [
    name: string,
    promise: Record<string, unknown>,
    bytes: BodyInit,
    type: string,
    words: string,
  ][] = [
    ['another size', { size: 4 }, 'abc', 'text/plain', '3 bytes came, 4 were promised'],
    [
      'another content type',
      {},
      'abc',
      'text/html',
      'the stored Content-Type is text/html, text/plain was promised',
    ],
    ['a content type that is none', {}, 'abc', 'x', 'the stored Content-Type is x, text/plain was promised'],
    [
      'bytes of another type',
      {},
      pngBytes,
      'text/plain',
      'the bytes are a PNG image (image/png), not plain text (text/plain)',
    ],
  ]
  it.each(refused)(
    'refuses %s, deletes the bytes and remembers why',
    async (_, promise, bytes, type, words) => {
      const { api, presigned } = await start()
      const { fileId, s3Key } = await presigned(promise)
      await api.put(s3Key, bytes, type)
      for (const attempt of ['first', 'second']) {
        const answer = await api.get(fileId)
        expect([attempt, answer.status]).toEqual([attempt, 404])
        expect(await bodyOf(answer)).toEqual(notFound(words))
      }
      expect(await objectKeys()).toEqual([])
      expect((await bodyOf(await api.list())).files).toEqual([])
      expect(await rows('SELECT used_bytes, reserved_bytes FROM organizations')).toEqual([
        { used_bytes: 0, reserved_bytes: 0 },
      ])
      await expectInvariants({ swept: true })
    },
  )

  it('refuses a Content-Encoding, which no seal covers', async () => {
    const { api, presigned } = await start()
    const { fileId, s3Key } = await presigned({ size: 3 })
    const httpMetadata = { contentType: 'text/plain', contentEncoding: 'gzip' }
    await env.BUCKET.put(incomingKey(s3Key), 'abc', { httpMetadata })
    expect(await bodyOf(await api.get(fileId))).toEqual(notFound('Content-Encoding gzip'))
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('refuses bytes of unpromised size that the quota does not hold', async () => {
    const { api, presigned } = await start(5)
    const { fileId, s3Key } = await presigned()
    await api.put(s3Key, 'abcdef', 'text/plain')
    expect(await bodyOf(await api.get(fileId))).toEqual(notFound('quota'))
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('goes on handing out what was verified when other bytes come through the URL', async () => {
    const { worker, api, presigned } = await start()
    const { fileId, s3Key } = await presigned({ size: 3 })
    await api.put(s3Key, 'abc', 'text/plain')
    expect((await api.get(fileId)).status).toBe(200)
    for (const [bytes, type] of [
      ['abc', 'text/plain'],
      ['xyz', 'text/plain'],
      ['more of them', 'text/html'],
    ] as const) {
      await api.put(s3Key, bytes, type)
      const answer = await api.get(fileId)
      expect([answer.status, await bodyOf(answer)]).toMatchObject([
        200,
        { size: 3, contentType: 'text/plain' },
      ])
      expect(await (await env.BUCKET.get(s3Key))?.text()).toBe('abc')
    }
    const { files } = await bodyOf(await api.list({ filter: '{"artifactType":"document"}' }))
    expect(files).toMatchObject([{ fileId, size: 3 }])
    vi.setSystemTime(Date.now() + 26 * 3_600_000)
    await worker.runCron()
    expect(await objectKeys()).toEqual([s3Key])
    await expectInvariants({ swept: true })
  })

  it('accepts bytes of no signature as they were declared', async () => {
    const { api, presigned } = await start()
    const { fileId, s3Key } = await presigned({ contentType: 'video/webm' })
    await api.put(s3Key, base64('whatever'), 'video/webm')
    expect((await api.get(fileId)).status).toBe(200)
  })
})
