import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { expectInvariants } from '../../support/invariants'
import { pngBytes, quantcdn } from '../../support/quantcdn'
import { listingStores, r2, startOver, stores } from '../../support/start-over'
import { partBytes, put, putParts, twoParts, uploads } from '../../support/uploads'
import { bodyOf } from '../../support/worker'

const sha256OfHello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const md5OfHello = 'XUFAKrxLKna5cZ2REBfFkg=='
const day = 24 * 3_600_000

describe('GET /v1/uploads/{id}', () => {
  it.each(stores)(
    'tells of one PUT what is sealed, until its bytes are there and settle it: $name',
    async (store) => {
      const { api } = await startOver(store)
      const upload = await api.inOne('hello', { sha256: sha256OfHello, md5: md5OfHello })
      const told = {
        id: upload.id,
        error: null,
        method: 'PUT',
        sealed: {
          contentType: 'text/plain',
          size: 5,
          md5: md5OfHello,
          sha256: sha256OfHello,
          writeOnce: true,
        },
        expiresAt: upload.expiresAt,
      }
      const pending = await api.get(upload.id)
      expect(pending.status).toBe(200)
      expect(await bodyOf(pending)).toEqual({ ...told, status: 'uploading' })
      await put(upload, 'hello')
      expect(await bodyOf(await api.get(upload.id))).toEqual({ id: upload.id, status: 'ready', error: null })
      await expectInvariants({ swept: true })
    },
  )

  it.each(stores)(
    'tells of an upload in parts its plan, and what the store has, until it is complete: $name',
    async (store) => {
      const { api } = await startOver(store)
      const upload = await api.inParts()
      const told = {
        id: upload.id,
        error: null,
        method: 'multipart',
        sealed: {
          contentType: 'application/octet-stream',
          size: twoParts,
          md5: null,
          sha256: null,
          writeOnce: false,
        },
        expiresAt: upload.multipart.expiresAt,
        multipart: { partSize: partBytes, partCount: 2 },
      }
      const parts = (list: unknown[]) => ({ parts: store.lists ? list : null })
      expect(await bodyOf(await api.get(upload.id))).toEqual({ ...told, status: 'uploading', ...parts([]) })
      const bytes = bytesOf(twoParts)
      const [second] = await putParts([upload.parts[1]], bytes)
      const listed = { partNumber: 2, size: 3, etag: second?.etag.replaceAll('"', '') }
      expect(await bodyOf(await api.get(upload.id))).toEqual({
        ...told,
        status: 'uploading',
        ...parts([listed]),
      })
      const [first] = await putParts([upload.parts[0]], bytes)
      expect((await api.complete(upload.id, [first, second])).status).toBe(200)
      expect(await bodyOf(await api.get(upload.id))).toEqual({ id: upload.id, status: 'ready', error: null })
    },
  )

  it('never tells a URL', async () => {
    const { api } = await startOver(r2)
    for (const { id } of [await api.inOne('hello'), await api.inParts()])
      expect(await (await api.get(id)).text()).not.toContain('X-Amz')
  })

  it.each(listingStores)('tells why an upload has ended: $name', async (store) => {
    const { api, worker } = await startOver(store)
    const refused = await api.inOne('x'.repeat(pngBytes.length), { contentType: 'application/pdf' })
    await put(refused, pngBytes)
    const aborted = await api.inParts()
    await api.abort(aborted.id)
    const [late, lateParts] = [await api.inOne('hello'), await api.inParts()]
    vi.setSystemTime(Date.now() + 7 * day)
    await worker.runCron()
    for (const [{ id }, status, error] of [
      [refused, 'error', 'type_mismatch'],
      [aborted, 'failed', 'aborted'],
      [late, 'failed', 'never_arrived'],
      [lateParts, 'failed', 'never_arrived'],
    ] as const)
      expect(await bodyOf(await api.get(id))).toEqual({ id, status, error })
    await worker.runCron()
    await expectInvariants({ swept: true })
  })

  it('tells of files that no URL was signed for that they are ready', async () => {
    const { api, worker, token } = await startOver(r2)
    const id = await quantcdn(worker, token).stored('hello')
    expect(await bodyOf(await api.get(id))).toEqual({
      id: `file_${id.replaceAll('-', '')}`,
      status: 'ready',
      error: null,
    })
  })

  it('is 404 for what is not there, was deleted, or is another organization’s', async () => {
    const { api, worker, token, asked } = await startOver(r2)
    const { id } = await api.inParts()
    const deleted = await api.inOne('hello')
    expect((await worker.call('DELETE', `/v1/files/${deleted.id}`, { token })).status).toBe(204)
    expect((await api.get(deleted.id)).status).toBe(404)
    const theirs = uploads(worker, await worker.organization('other'))
    asked.length = 0
    for (const name of [id, `file_${'0'.repeat(32)}`, 'x', `${id}0`]) {
      const answer = await theirs.get(name)
      expect(answer.status).toBe(404)
      expect((await bodyOf(answer)).detail).toBe('There is no such file')
    }
    expect(asked).toEqual([])
  })
})
