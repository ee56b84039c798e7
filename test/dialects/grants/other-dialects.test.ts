import { describe, expect, it } from 'vitest'
import { createDialects } from '../../../src/dialects'
import { isForGrants } from '../../../src/http/operation'
import { boundary, field, formBytes, textFile } from '../../support/cuadra'
import { blobOf } from '../../support/direct-upload'
import { grants } from '../../support/grants'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver } from '../../support/start-over'
import { put } from '../../support/uploads'
import { bodyOf } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, own: grants(over.worker, over.token) }
}

const form = (...parts: Parameters<typeof formBytes>[0]) => ({
  body: formBytes(parts),
  headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
})

describe('under a grant', () => {
  const dialects = createDialects({
    ...{ quantcdnExtraContentTypes: [], cuadraExtraContentTypes: [] },
    ...{ publicBaseUrl: null, storeOrigin: 'https://store.example.com' },
  })
  const others = Object.entries(dialects).flatMap(([name, { path, prefixes = [''], operations }]) =>
    operations
      .filter(({ access }) => access !== 'public' && !isForGrants(access))
      .flatMap((operation) =>
        prefixes.map((prefix) => ({
          name: `${name}.${operation.name}`,
          method: operation.method.toUpperCase(),
          path: (path + prefix + operation.path).replace(':organisation', 'acme').replace(/:\w+/g, 'x'),
        })),
      ),
  )

  it.each(others)('$name at $path is refused, in the path and as a header', async ({ method, path }) => {
    const { own, worker } = await start()
    const held = await own.hold()
    expect((await held.call(method, path)).status).toBe(403)
    expect((await worker.call(method, path, { token: held.token })).status).toBe(403)
  })

  it('exactly these operations are allowed', () => {
    const allowed = Object.entries(dialects).flatMap(([name, { operations }]) =>
      operations.filter(({ access }) => isForGrants(access)).map((operation) => `${name}.${operation.name}`),
    )
    expect(allowed.sort()).toEqual([
      'ctxfy.createUpload',
      'cuadra.uploadFile',
      'directUpload.createDirectUpload',
      'directUpload.getBlob',
      'filepond.appendChunk',
      'filepond.getOffset',
      'filepond.loadFile',
      'filepond.revertFile',
      'filepond.storeFile',
      'grantHolder.putFile',
      'resumable.appendBytes',
      'resumable.cancelUpload',
      'resumable.createUpload',
      'resumable.getOffset',
      'tus.appendBytes',
      'tus.createUpload',
      'tus.endUpload',
      'tus.getLimits',
      'tus.getOffset',
      'uploads.abortUpload',
      'uploads.completeUpload',
      'uploads.createUpload',
      'uploads.getUpload',
      'uploads.listParts',
      'uploads.signParts',
    ])
  })

  it('a blob of Direct Upload is promised, put and looked at, by its own holder alone', async () => {
    const { own } = await start()
    const [held, other] = [await own.hold(), await own.hold()]
    const created = await held.call('POST', '/api/v1/upload/direct', {
      json: { blob: await blobOf('hello') },
    })
    expect(created.status).toBe(200)
    const blob = await bodyOf(created)
    const path = `/api/v1/upload/direct/${blob.signed_id}`
    expect(await bodyOf(await held.call('GET', path))).toHaveProperty('direct_upload')
    expect((await other.call('GET', path)).status).toBe(404)
    await put(blob.direct_upload, 'hello')
    expect((await held.call('GET', path)).status).toBe(200)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
    expect((await held.call('GET', `/api/v1/blobs/${blob.signed_id}/a.txt`)).status).toBe(403)
    await expectInvariants({ swept: true })
  })

  it('Direct Upload says what the grant does not take in its own shape', async () => {
    const { own } = await start()
    const held = await own.hold({ contentTypes: ['image/png'] })
    const refused = await held.call('POST', '/api/v1/upload/direct', {
      json: { blob: await blobOf('hello') },
    })
    expect(refused.status).toBe(422)
    expect(await bodyOf(refused)).toMatchObject({ detail: [{ loc: ['body', 'blob', 'content_type'] }] })
  })

  it('a form of Cuadra’s is stored, without a header', async () => {
    const { own } = await start()
    const held = await own.hold({ contentTypes: ['text/*'] })
    const stored = await held.call('POST', '/v1/files', form(textFile('hello')))
    expect(stored.status).toBe(201)
    expect(await bodyOf(stored)).toMatchObject({ isDuplicate: false, storageCharged: 5 })
    expect((await held.call('POST', '/v1/files', form(textFile('again')))).status).toBe(403)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
    await expectInvariants({ swept: true })
  })

  it('a form says nothing but its file: it ties that to nothing', async () => {
    const { own, worker } = await start()
    const held = await own.hold()
    const tied = form(textFile('hello'), field('resource_type', 'chat'), field('resource_id', 'a'))
    expect((await held.call('POST', '/v1/files', tied)).status).toBe(403)
    expect(
      (await held.call('POST', '/v1/files', form(field('source_detail', 'x'), textFile('hello')))).status,
    ).toBe(403)
    await worker.runCron()
    expect((await held.call('GET', '')).status).toBe(200)
    await expectInvariants({ swept: true })
  })

  it('a form is refused by its type before it is read, and by its size', async () => {
    const { own } = await start()
    const typed = await own.hold({ contentTypes: ['image/png'] })
    expect((await typed.call('POST', '/v1/files', form(textFile('hello')))).status).toBe(415)
    const small = await own.hold({ maxBytes: 4 })
    expect((await small.call('POST', '/v1/files', form(textFile('hello')))).status).toBe(413)
  })

  it('a URL of Ctxfy’s is given', async () => {
    const { own } = await start()
    const held = await own.hold()
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
    expect((await held.call('POST', '/v1/upload/s3', { json })).status).toBe(200)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
  })
})
