import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { blobOf, directUpload, keyOfUrl } from './support/direct-upload'
import { expectInvariants } from './support/invariants'
import { quantcdn } from './support/quantcdn'
import { listingStores, type StoreKind, startOver } from './support/start-over'
import { put } from './support/uploads'
import { type Bindings, bodyOf, objectKeys, rows } from './support/worker'

/** What a client may add to its PUT, as no URL signs it. */
const added = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-language': 'xx',
  expires: 'Wed, 21 Oct 2037 07:28:00 GMT',
  'x-amz-meta-evil': '1',
}

async function start(store: StoreKind, bindings: Bindings = {}) {
  const over = await startOver(store, bindings)
  return { ...over, files: quantcdn(over.worker, over.token), direct: directUpload(over.worker, over.token) }
}

async function metadataAt(key: string) {
  const object = await env.BUCKET.head(key)
  return object && { ...object.httpMetadata, ...object.customMetadata }
}

/** Where the bytes that are settled are read whole, and where the store itself copies them. */
const ways: { name: string; bindings: Bindings }[] = [
  { name: 'read', bindings: {} },
  { name: 'too large to be read', bindings: { HASH_MAX_BYTES: '4', S3_COPY_IF_MATCH: 'true' } },
]

describe.each(listingStores)('headers that were not promised: $name', (store) => {
  it.each(ways)('are gone when a write-once upload is ready ($name)', async ({ bindings }) => {
    const { worker, api, direct, files } = await start(store, bindings)
    const upload = await api.inOne('bytes')
    expect((await put(upload, 'bytes', added)).status).toBe(200)
    const key = keyOfUrl(upload.url)
    const { etag: before } = (await env.BUCKET.head(key)) ?? expect.fail('nothing came')
    expect(await metadataAt(key)).toMatchObject({ evil: '1', contentLanguage: 'xx' })
    const completed = await api.complete(upload.id)
    expect(completed.status).toBe(200)
    expect(await metadataAt(key)).toEqual({
      contentType: 'text/plain',
      contentDisposition: expect.stringContaining('a.txt'),
    })
    const [content] = await rows('SELECT etag, object_key FROM contents')
    expect(content).toEqual({ etag: before, object_key: key })
    const { url } = await bodyOf(
      await files.get((await rows<{ id: string }>('SELECT uuid AS id FROM files'))[0]?.id ?? ''),
    )
    const download = await fetch(url)
    expect(download.headers.get('cache-control')).toBe('private')
    for (const name of ['content-language', 'expires', 'x-amz-meta-evil'])
      expect(download.headers.get(name)).toBeNull()
    expect(await download.text()).toBe('bytes')

    const blob = await bodyOf(await direct.create(await blobOf('other')))
    expect((await put(blob.direct_upload, 'other', added)).status).toBe(200)
    expect((await direct.get(blob.signed_id)).status).toBe(200)
    expect(await metadataAt(blob.key)).toEqual({
      contentType: 'text/plain',
      contentDisposition: expect.stringContaining('hello world.txt'),
    })
    await worker.runCron()
    await expectInvariants({ swept: true })
  })

  it('are gone when a bare URL’s bytes are ready, also those that have a place of their own', async () => {
    const { files } = await start(store)
    const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
    const { fileId, uploadUrl: url, s3Key } = await bodyOf(await files.upload(json))
    const headers = { 'content-type': 'text/plain', 'content-disposition': 'inline; filename="a.html"' }
    expect((await put({ url, headers }, 'bytes', added)).status).toBe(200)
    expect((await files.get(fileId)).status).toBe(200)
    expect(await metadataAt(s3Key)).toEqual({ contentType: 'text/plain' })
  })

  it('cost an upload that has none nothing', async () => {
    const { api, asked } = await start(store)
    const upload = await api.inOne('bytes')
    expect((await put(upload, 'bytes')).status).toBe(200)
    const before = await env.BUCKET.head(keyOfUrl(upload.url))
    asked.length = 0
    expect((await api.complete(upload.id)).status).toBe(200)
    expect(asked).not.toContain('s3.put')
    expect((await env.BUCKET.head(keyOfUrl(upload.url)))?.version).toBe(before?.version)
  })

  it('are taken off by settlers that overlap, and the file is what came', async () => {
    const { api, start: startAnother, token } = await start(store)
    const upload = await api.inOne('bytes')
    expect((await put(upload, 'bytes', added)).status).toBe(200)
    const path = `/v1/uploads/${upload.id}/complete`
    const others = Array.from({ length: 4 }, () => startAnother())
    const answers = await Promise.all(others.map((worker) => worker.call('POST', path, { token })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await metadataAt(keyOfUrl(upload.url))).not.toHaveProperty('evil')
    await expectInvariants({ swept: true })
  })
})

describe.each(listingStores)('a Content-Encoding: $name', (store) => {
  const promised = async ({ files, api }: Awaited<ReturnType<typeof start>>, isBare: boolean) => {
    if (!isBare) return (await api.inOne('bytes')) as { url: string; headers: Record<string, string> }
    const json = { requestUploadUrl: true, size: 5, contentType: 'text/plain' }
    const { uploadUrl: url } = await bodyOf(await files.upload(json))
    return { url, headers: { 'content-type': 'text/plain' } }
  }

  it.each([
    ['identity', true],
    ['identity', false],
    ['aws-chunked', true],
    ['aws-chunked', false],
    ['aws-chunked,', false],
    ['Identity, AWS-Chunked', true],
  ])('%s encodes nothing that is stored, so the upload is ready (bare URL: %s)', async (encoding, isBare) => {
    const started = await start(store)
    const told = await promised(started, isBare)
    expect((await put(told, 'bytes', { 'content-encoding': encoding })).status).toBe(200)
    const [{ id = '' } = {}] = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    expect((await started.files.get(id)).status).toBe(200)
    const [key = ''] = await objectKeys()
    expect((await env.BUCKET.head(key))?.httpMetadata?.contentEncoding).toBeUndefined()
    await expectInvariants({ swept: true })
  })

  it.each(['gzip', 'aws-chunked,gzip', 'br', 'x-odd'])('%s is refused', async (encoding) => {
    const started = await start(store)
    const told = await promised(started, false)
    expect((await put(told, 'bytes', { 'content-encoding': encoding })).status).toBe(200)
    const [{ id = '' } = {}] = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    expect((await bodyOf(await started.files.get(id))).message).toContain('Content-Encoding')
    expect(await objectKeys()).toEqual([])
  })
})
