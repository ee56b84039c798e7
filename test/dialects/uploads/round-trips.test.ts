import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { sha256Of } from '../../../src/core/ids'
import { bytesOf } from '../../storage/object-store-contract'
import { ctxfy } from '../../support/ctxfy'
import { cuadra, plainId } from '../../support/cuadra'
import { blobOf, directUpload } from '../../support/direct-upload'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { quantcdn } from '../../support/quantcdn'
import { listingStores, r2, startOver, stores } from '../../support/start-over'
import { binary, gibibyte, put, putParts, textFile, twoParts, uploads } from '../../support/uploads'
import { bodyOf, objectKeys, rows } from '../../support/worker'

const bytes = bytesOf(twoParts)
const day = 24 * 3_600_000

describe('a file made by /v1/uploads', () => {
  it.each(stores)('is seen, read and deleted through QuantCDN and Cuadra: $name', async (store) => {
    const { api, worker, token } = await startOver(store)
    for (const deletes of ['quantcdn', 'cuadra'] as const) {
      const upload = await api.inParts(twoParts, { metadata: { tag: 'a' } })
      const id = plainId(upload.id)
      const [quant, cuad] = [quantcdn(worker, token), cuadra(worker, token)]
      expect((await quant.get(id)).status).toBe(404)
      expect(await bodyOf(await cuad.get(upload.id))).toMatchObject({
        status: 'uploading',
        sizeBytes: twoParts,
      })
      await api.complete(upload.id, await putParts(upload.parts, bytes))

      const seen = await bodyOf(await quant.get(id))
      expect(seen).toMatchObject({ fileId: id, size: twoParts, metadata: { tag: 'a' } })
      const download = await fetch(seen.url)
      expect(await sha256Of(new Uint8Array(await download.arrayBuffer()))).toBe(await sha256Of(bytes))
      const listed = await bodyOf(await quant.list({ filter: '{"tag":"a"}' }))
      expect(JSON.stringify(listed)).toContain(id)
      expect(await bodyOf(await cuad.get(upload.id))).toMatchObject({
        status: 'ready',
        sizeBytes: twoParts,
        sha256: await sha256Of(bytes),
      })
      const range = await cuad.content(upload.id, '?redirect=false', { range: 'bytes=0-9' })
      expect([...new Uint8Array(await range.arrayBuffer())]).toEqual([...bytes.slice(0, 10)])

      if (deletes === 'quantcdn') expect((await quant.delete(id)).status).toBe(200)
      else expect((await cuad.delete(upload.id)).status).toBe(204)
      expect((await api.get(upload.id)).status).toBe(404)
      expect(await objectKeys()).toEqual([])
    }
    expect(await rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')).toEqual([
      { used_bytes: 0, reserved_bytes: 0, pending_uploads: 0 },
    ])
  })

  it('has the bytes that another dialect’s known file has', async () => {
    const { api, worker, token } = await startOver(r2)
    const id = await quantcdn(worker, token).stored('hello')
    const sha256 = await sha256Of(new TextEncoder().encode('hello'))
    const answer = await api.create({ ...textFile, size: 5, sha256 })
    expect(answer.status).toBe(200)
    await quantcdn(worker, token).delete(id)
    const own = await bodyOf(answer)
    const content = await cuadra(worker, token).content(own.id, '?redirect=false')
    expect(await content.text()).toBe('hello')
    await expectInvariants({ swept: true })
  })
})

describe('a pending upload that is deleted as a file', () => {
  it.each(stores)('through Cuadra or QuantCDN ends in the store as well: $name', async (store) => {
    const { api, worker, token, multiparts } = await startOver(store)
    for (const deletes of ['quantcdn', 'cuadra'] as const) {
      const { id, parts } = await api.inParts()
      await putParts([parts[0]], bytes)
      expect(multiparts()).toHaveLength(1)
      if (deletes === 'quantcdn') expect((await quantcdn(worker, token).delete(plainId(id))).status).toBe(200)
      else expect((await cuadra(worker, token).delete(id)).status).toBe(204)
      expect(multiparts()).toEqual([])
      for (const answer of [await api.get(id), await api.complete(id), await api.abort(id)])
        expect(answer.status).toBe(404)
    }
    expect(await rows('SELECT reserved_bytes, pending_uploads FROM organizations')).toEqual([
      { reserved_bytes: 0, pending_uploads: 0 },
    ])
    vi.setSystemTime(Date.now() + 9 * day)
    await worker.runCron()
    expect(await rows('SELECT * FROM object_deletions')).toEqual([])
    await expectInvariants({ swept: true })
  })
})

describe('an upload begun by another dialect', () => {
  /** The dialects that hand out one PUT: how each begins it, and the id it goes by. */
  const beginnings = {
    quantcdn: async (worker, token) => {
      const json = { requestUploadUrl: true, contentType: 'text/plain', size: 5 }
      const { fileId, uploadUrl } = await bodyOf(await quantcdn(worker, token).upload(json))
      return { id: fileId, url: uploadUrl, headers: { 'Content-Type': 'text/plain' } }
    },
    ctxfy: async (worker, token) => {
      const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
      const { uploadUrl, fileKey } = await bodyOf(await ctxfy(worker, token).upload(json))
      const id = /\/([0-9a-f-]{36})/.exec(fileKey)?.[1] ?? ''
      return { id, url: uploadUrl, headers: { 'Content-Type': 'text/plain' } }
    },
    'direct upload': async (worker, token) => {
      const { key, direct_upload } = await bodyOf(
        await directUpload(worker, token).create(await blobOf('hello')),
      )
      return { id: /\/([0-9a-f-]{36})/.exec(key)?.[1] ?? '', ...direct_upload }
    },
  } satisfies Record<
    string,
    (
      ...of: [Parameters<typeof uploads>[0], string]
    ) => Promise<{ id: string; url: string; headers: Record<string, string> }>
  >
  const names = Object.keys(beginnings) as (keyof typeof beginnings)[]
  const cases = names.flatMap((name) =>
    listingStores.map((store) => ({ dialect: name, name: store.name, store })),
  )

  it.each(cases)('$dialect, is looked at and completed here: $name', async ({ dialect, store }) => {
    const { api, worker, token } = await startOver(store)
    const upload = await beginnings[dialect](worker, token)
    expect(await bodyOf(await api.get(upload.id))).toMatchObject({
      status: 'uploading',
      method: 'PUT',
      sealed: { contentType: 'text/plain', size: 5, writeOnce: dialect === 'direct upload' },
    })
    expect((await api.sign(upload.id, [1])).status).toBe(409)
    expect((await api.complete(upload.id)).status).toBe(409)
    expect((await put(upload, 'hello')).status).toBe(200)
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.complete(upload.id)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(await bodyOf(await api.get(upload.id))).toMatchObject({ status: 'ready' })
    await expectInvariants({ swept: false })
    vi.setSystemTime(Date.now() + 3 * day)
    for (let round = 0; round < 3; round++) await worker.runCron()
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it.each(cases)('$dialect, is aborted here: $name', async ({ dialect, store }) => {
    const { api, worker, token } = await startOver(store)
    const upload = await beginnings[dialect](worker, token)
    await put(upload, 'hello')
    expect((await api.abort(upload.id)).status).toBe(204)
    expect(await objectKeys()).toEqual([])
    expect(await bodyOf(await api.get(upload.id))).toMatchObject({ status: 'failed', error: 'aborted' })
    await expectInvariants({ swept: true })
  })

  it.each(stores)('QuantCDN over 5 GiB, is sent in parts through the URLs it names: $name', async (store) => {
    const { api, worker, token, multiparts } = await startOver(store)
    const size = 5 * gibibyte + 1
    const json = { requestUploadUrl: true, contentType: 'video/mp4', size, filename: 'film.mp4' }
    const body = await bodyOf(await quantcdn(worker, token).upload(json))
    expect(body.multipart).toMatchObject({ uploadId: body.fileId, partSize: 16 * 1024 ** 2, partCount: 321 })
    const path = (url: string) => new URL(url).pathname
    const signed = await worker.call('POST', path(body.multipart.partsUrl), {
      token,
      json: { partNumbers: [1, 321] },
    })
    expect((await bodyOf(signed)).parts).toMatchObject([{ size: 16 * 1024 ** 2 }, { size: 1 }])
    const early = await worker.call('POST', path(body.multipart.completeUrl), { token })
    expect(early.status).toBe(409)
    expect(multiparts()).toHaveLength(1)
    expect((await api.abort(body.fileId)).status).toBe(204)
    expect(multiparts()).toEqual([])
    expect(await rows('SELECT reserved_bytes FROM organizations')).toEqual([{ reserved_bytes: 0 }])
  })
})

describe('round trips to the database', () => {
  const counted = async () => {
    const over = await startOver(r2)
    const calls = recordCalls()
    const api = uploads(over.start({ DB: interceptDatabase(env.DB, calls) }), over.token)
    // The key is verified, and its use noted, by a first request.
    await api.get(`file_${'0'.repeat(32)}`)
    const roundTrips = async (call: () => Promise<Response>) => {
      calls.names.length = 0
      expect((await call()).status).toBeLessThan(300)
      return calls.names.length
    }
    return { ...over, api, roundTrips }
  }

  it('are one for one PUT, two in parts, two for known bytes', async () => {
    const { api, roundTrips } = await counted()
    const sha256 = await sha256Of(new TextEncoder().encode('hello'))
    const hello = { ...textFile, size: 5, sha256 }
    const once = { 'idempotency-key': 'once' }
    expect(await roundTrips(() => api.create(hello, once))).toBe(1)
    expect(await roundTrips(() => api.create(hello, once)), 'repeated').toBe(1)
    expect(await roundTrips(() => api.create({ ...binary, size: twoParts, multipart: true }))).toBe(2)
    const upload = await bodyOf(await api.create(hello))
    await put(upload, 'hello')
    expect(await roundTrips(() => api.complete(upload.id)), 'found and settled').toBe(2)
    expect(await roundTrips(() => api.complete(upload.id)), 'again').toBe(1)
    expect(await roundTrips(() => api.create(hello))).toBe(2)
  })

  it('are one to sign, to list and to look, and two to complete parts', async () => {
    const { api, roundTrips } = await counted()
    const { id, parts } = await api.inParts()
    expect(await roundTrips(() => api.sign(id, [1, 2]))).toBe(1)
    expect(await roundTrips(() => api.parts(id))).toBe(1)
    expect(await roundTrips(() => api.get(id))).toBe(1)
    await putParts(parts, bytes)
    expect(await roundTrips(() => api.complete(id))).toBe(2)
  })
})
