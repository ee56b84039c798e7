import { env } from 'cloudflare:workers'
import { describe, expect, inject, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { listingStores, r2, startOver, startOverEndpoint, stores } from '../../support/start-over'
import {
  gibibyte,
  lifetimeOf,
  partBytes,
  put,
  putParts,
  signedHeadersOf,
  storeOrigin,
  twoParts,
  uploads,
} from '../../support/uploads'
import { bodyOf, rows } from '../../support/worker'

const day = 24 * 3_600_000
const plain = (id: string) => id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

describe('POST /v1/uploads/{id}/parts', () => {
  it.each(stores)(
    'signs parts as often as they are asked for, in the order asked for: $name',
    async (store) => {
      const { api } = await startOver(store)
      const { id } = await api.inParts(2 * partBytes + 7)
      for (let round = 0; round < 2; round++) {
        const answer = await api.sign(id, [3, 1])
        expect(answer.status).toBe(200)
        expect(await bodyOf(answer)).toEqual({
          parts: [
            { partNumber: 3, url: expect.stringContaining('partNumber=3&'), headers: {}, size: 7 },
            { partNumber: 1, url: expect.stringContaining('partNumber=1&'), headers: {}, size: partBytes },
          ],
        })
      }
    },
  )

  it('knows an upload by its id in every dialect', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    for (const name of [id, plain(id), plain(id).toUpperCase(), `file_${plain(id)}`])
      expect((await api.sign(name, [1])).status).toBe(200)
  })

  it('needs no store, and one round trip to the database', async () => {
    const { api, start, token, asked } = await startOver(r2)
    const { id } = await api.inParts()
    const calls = recordCalls()
    const counted = uploads(start({ DB: interceptDatabase(env.DB, calls) }), token)
    await counted.sign(id, [1])
    asked.length = 0
    calls.names.length = 0
    expect((await counted.sign(id, [1, 2])).status).toBe(200)
    expect([calls.names, asked]).toEqual([['all'], []])
  })

  it.each<[string, unknown, string]>([
    ['none', [], 'partNumbers'],
    ['zero', [0], 'partNumbers.0'],
    ['a negative one', [1, -1], 'partNumbers.1'],
    ['a fraction', [1.5], 'partNumbers.0'],
    ['text', ['one'], 'partNumbers.0'],
    ['one beyond the plan', [1, 3], 'partNumbers'],
    ['one beyond all plans', [10_001], 'partNumbers.0'],
    ['101', Array.from({ length: 101 }, (_, at) => at + 1), 'partNumbers'],
    ['no list', 1, 'partNumbers'],
    ['nothing', undefined, 'partNumbers'],
  ])('refuses part numbers: %s', async (_, partNumbers, field) => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    const answer = await api.sign(id, partNumbers)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toContainEqual({ field, message: expect.any(String) })
  })

  it('signs a part once that is named twice, or by its digits, as clients write them', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    for (const [field, numbers] of [
      ['partNumbers', [2, 1, 2]],
      ['partNumbers', ['2', 1, '1']],
      ['part_numbers', [2, 1]],
      ['PartNumbers', [2, 1]],
    ] as const) {
      const answer = await api.call('POST', `/${id}/parts`, { json: { [field]: numbers } })
      expect(answer.status).toBe(200)
      const { parts } = await bodyOf(answer)
      expect(parts.map(({ partNumber }: { partNumber: number }) => partNumber)).toEqual([2, 1])
    }
  })

  it('signs a hundred at once, and the last of ten thousand', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts(10_000 * partBytes)
    const numbers = Array.from({ length: 100 }, (_, at) => 9901 + at)
    const { parts } = await bodyOf(await api.sign(id, numbers))
    expect(parts.map(({ partNumber }: { partNumber: number }) => partNumber)).toEqual(numbers)
  })

  it('refuses a body that is not JSON', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    for (const body of ['', '{', '[]', 'null'])
      expect((await api.call('POST', `/${id}/parts`, { body })).status).toBe(400)
  })

  it('is 409 for one PUT, whatever became of it', async () => {
    const { api } = await startOver(r2)
    const upload = await api.inOne('hello')
    const refused = async () => {
      const answer = await api.sign(upload.id, [1])
      expect(answer.status).toBe(409)
      return (await bodyOf(answer)).detail
    }
    expect(await refused()).toContain('one PUT')
    await put(upload, 'hello')
    await api.complete(upload.id)
    expect(await refused()).toContain('ready')
  })

  it.each(listingStores)(
    'is 409 once the upload is complete, aborted, refused or expired: $name',
    async (store) => {
      const { api, worker } = await startOver(store)
      const expectOver = async (id: string, said: string) => {
        const answer = await api.sign(id, [1])
        expect(answer.status).toBe(409)
        expect((await bodyOf(answer)).detail).toContain(said)
      }
      const completed = await api.inParts()
      await putParts(completed.parts, bytesOf(twoParts))
      expect((await api.complete(completed.id)).status).toBe(200)
      await expectOver(completed.id, 'ready')

      const aborted = await api.inParts()
      await api.abort(aborted.id)
      await expectOver(aborted.id, 'failed')

      const refused = await api.inParts(twoParts, { contentType: 'application/pdf' })
      const bytes = bytesOf(twoParts)
      bytes.set(Uint8Array.fromHex('ffd8ffe0'))
      await putParts(refused.parts, bytes)
      expect((await api.complete(refused.id)).status).toBe(422)
      await expectOver(refused.id, 'error')

      const expired = await api.inParts()
      vi.setSystemTime(Date.now() + 7 * day)
      await expectOver(expired.id, 'expired')
      for (let round = 0; round < 2; round++) await worker.runCron()
      await expectOver(expired.id, 'failed')
    },
  )

  it('is 404 for what is not there, and for what is another organization’s', async () => {
    const { api, worker } = await startOver(r2)
    const { id } = await api.inParts()
    const theirs = uploads(worker, await worker.organization('other'))
    const unknown = `file_${'0'.repeat(32)}`
    const answers = await Promise.all([
      theirs.sign(id, [1]),
      theirs.sign(unknown, [1]),
      theirs.sign('x', [1]),
    ])
    const bodies = await Promise.all(answers.map(bodyOf))
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(bodies.map(({ detail, title }) => [detail, title])).toEqual(
      Array(3).fill(['There is no such file', 'Not Found']),
    )
  })
})

describe('the URL of a part', () => {
  it('lives long enough for a slow client to send all that were asked for, and never longer than the upload', async () => {
    const { api } = await startOver(r2, { UPLOAD_URL_MAX_TTL_SECONDS: '100000' })
    vi.setSystemTime(Date.now())
    const { id, parts } = await api.inParts(300 * gibibyte, { partSize: gibibyte })
    expect(lifetimeOf(parts[0].url)).toBe(100_000)
    const lifetime = async (count: number) => {
      const numbers = Array.from({ length: count }, (_, at) => at + 1)
      return lifetimeOf((await bodyOf(await api.sign(id, numbers))).parts[0].url)
    }
    expect(await lifetime(1)).toBe(8192)
    expect(await lifetime(3)).toBe(3 * 8192)
    vi.setSystemTime(Date.now() + 7 * day - 5000_000)
    expect(await lifetime(3)).toBe(5000)
  })

  it('is dead when it has expired, and can be had again', async () => {
    const { api } = await startOver(r2)
    const { id, parts } = await api.inParts()
    const bytes = bytesOf(twoParts)
    vi.setSystemTime(Date.now() + 3_601_000)
    expect((await put(parts[1], bytes.slice(partBytes))).status).toBe(403)
    const again = await bodyOf(await api.sign(id, [1, 2]))
    await putParts(again.parts, bytes)
    expect((await api.complete(id)).status).toBe(200)
  })

  it('signs its length and the absence of a copy source, and nothing else', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    const { parts } = await bodyOf(await api.sign(id, [1]))
    expect(signedHeadersOf(parts[0].url)).toEqual(['content-length', 'host', 'x-amz-copy-source'])
    const unsealed = await startOver(r2, { S3_SEAL_COPY_SOURCE: 'false' })
    const { parts: plainParts } = await unsealed.api.inParts()
    expect(signedHeadersOf(plainParts[0].url)).toEqual(['content-length', 'host'])
  })

  it.each(stores)('copies no other object: $name', async (store) => {
    const { api, asked } = await startOver(store)
    await env.BUCKET.put('other/secret', bytesOf(partBytes))
    const { parts } = await api.inParts()
    const copy = await put(parts[0], '', { 'x-amz-copy-source': 'slipway/other/secret' })
    expect(copy.status).toBe(403)
    expect(asked.at(-1)).toBe('s3.copyPart')
  })

  it('is taken with its exact length only, by a store that verifies signatures', async () => {
    const { api: direct, worker, token } = await startOverEndpoint()
    expect(direct).toBeDefined()
    const api = uploads(worker, token)
    const { id, parts } = await api.inParts()
    const bytes = bytesOf(twoParts)
    for (const wrong of [bytes.slice(partBytes, partBytes + 2), bytes.slice(partBytes - 1), new Uint8Array()])
      expect((await put(parts[1], wrong)).status).toBe(403)
    const source = `${inject('s3').bucket}/other/secret`
    expect((await put(parts[1], bytes.slice(partBytes), { 'x-amz-copy-source': source })).status).toBe(403)
    const other = new URL(parts[1].url)
    other.searchParams.set('partNumber', '1')
    expect((await put({ url: other.href, headers: {} }, bytes.slice(partBytes))).status).toBe(403)
    const named = await putParts(parts, bytes)
    expect(await bodyOf(await api.complete(id, named))).toMatchObject({
      sizeBytes: twoParts,
      status: 'ready',
    })
    expect(new URL(parts[0].url).origin).not.toBe(storeOrigin)
    await worker.call('DELETE', `/v1/files/${id}`, { token })
    expect(await rows('SELECT id FROM contents')).toEqual([])
  })
})
